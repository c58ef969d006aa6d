import type { FlagDef } from './command.ts';

const text = (value: string, help: string): FlagDef & { readonly type: 'text' } => ({
  type: 'text',
  value,
  help,
});

export const JSON_FLAG = {
  json: { type: 'boolean', help: 'one JSON document on stdout; errors as one JSON line on stderr' },
} as const;

export const GLOBAL_FLAGS = {
  help: { type: 'boolean', short: 'h', help: 'show this help' },
  verbose: { type: 'boolean', help: 'log to stderr, and show where an error came from' },
} as const;

export const DATA_DIR_FLAG = {
  'data-dir': text('DIR', 'where fog keeps its data (FOG_DATA_DIR; ~/.local/share/fog)'),
} as const;

export const FOG_FLAGS = {
  fog: text('URL', 'the fog to use (FOG_URL); its token comes from FOG_TOKEN'),
  ...DATA_DIR_FLAG,
} as const;

export const SANDBOX_FLAG = {
  sandbox: text('LEVEL', 'auto, os or process (FOG_SANDBOX); auto takes the strongest that works'),
} as const;
