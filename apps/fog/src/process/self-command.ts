import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * How to call this program again. The npm name `fog` is not ours, so the form for npx never lets it
 * fetch: `--no` runs what the clone has installed or nothing.
 */
export function selfCommand(env: NodeJS.ProcessEnv, script: string): string {
  if (env['npm_command'] === 'exec') return 'npx --no fog';
  const real = realPath(script);
  const onPath = (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((directory) => directory !== '')
    .find((directory) => isExecutable(path.join(directory, 'fog')));
  if (onPath !== undefined && realPath(path.join(onPath, 'fog')) === real) return 'fog';
  return shellQuote(script);
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
