import { FOG_VERSION } from '@fog/wire';
import { defineCommand } from '../command/command.ts';
import { JSON_FLAG } from '../command/shared-flags.ts';

export const command = defineCommand({
  name: 'version',
  summary: 'print the version',
  usage: ['version [--json]'],
  flags: JSON_FLAG,
  args: [],
  examples: [{ line: 'fog version', does: 'the version of fog' }],
  run: async ({ flags, host }) => {
    const document = { version: FOG_VERSION, node: process.version };
    await host.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : `${FOG_VERSION}\n`);
    return 0;
  },
});
