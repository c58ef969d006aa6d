import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { joinAddress } from '../connect/join-address.ts';
import { sayNext } from '../process/host.ts';
import { joinText } from '../show/join-text.ts';

export const command = defineCommand({
  name: 'invite',
  summary: 'print a line that joins another machine',
  usage: ['invite [flags]'],
  flags: { ...JSON_FLAG, ...FOG_FLAGS },
  args: [],
  examples: [{ line: 'fog invite', does: 'a new join code: 10 minutes, 10 machines' }],
  run: async ({ flags, host }) => {
    const { client, signal } = await openClient(flags, host);
    const code = await client.createJoinCode({ signal });
    const { addresses = [] } = await client.status({ signal });
    const url = joinAddress(addresses) ?? client.url;
    const document = { url, ...code };
    await host.stdout.write(
      flags.json
        ? `${JSON.stringify(document)}\n`
        : joinText({ self: host.self, url, code, now: host.clock.now() }),
    );
    await sayNext(host, `${host.self} nodes`);
    return 0;
  },
});
