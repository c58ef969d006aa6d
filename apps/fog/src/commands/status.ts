import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { sayNext } from '../process/host.ts';
import { statusText } from '../show/fog-text.ts';

export const command = defineCommand({
  name: 'status',
  summary: 'show what the fog is doing',
  usage: ['status [flags]'],
  flags: { ...JSON_FLAG, ...FOG_FLAGS },
  args: [],
  examples: [{ line: 'fog status', does: 'nodes, jobs and services of the fog' }],
  run: async ({ flags, host }) => {
    const { client, signal } = await openClient(flags, host);
    const status = await client.status({ signal });
    const text = flags.json ? `${JSON.stringify(status)}\n` : statusText(status, client.url);
    await host.stdout.write(text);
    const next = status.nodes.online === 0 ? 'invite' : 'nodes';
    await sayNext(host, `${host.self} ${next}`);
    return 0;
  },
});
