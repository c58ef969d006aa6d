import { loadCommand } from '../cli.ts';
import { defineCommand } from '../command/command.ts';
import { helpText, overviewText } from '../command/help-text.ts';

export const command = defineCommand({
  name: 'help',
  summary: 'show help for a command',
  usage: ['help [COMMAND]'],
  flags: {},
  args: ['[COMMAND]'],
  examples: [{ line: 'fog help run', does: 'all about fog run' }],
  run: async ({ args, host }) => {
    const [name] = args;
    await host.stdout.write(
      name === undefined ? overviewText() : helpText(await loadCommand(name)),
    );
    return 0;
  },
});
