import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { sayNext } from '../process/host.ts';
import { slaText } from '../show/sla-text.ts';

export const command = defineCommand({
  name: 'sla',
  summary: 'show what the tiers promise, and how far it is kept',
  usage: ['sla [flags]'],
  about: `
  A job that names a tier ("fog run --tier silver") gets so many copies of each task, and the fog answers for
  the rest: 95 of 100 jobs begin within the time, that part of the tasks is brought to its end, and machines
  lose or fail no more attempts than that. What a job did not get is recorded as a breach. A job that
  names no tier is promised nothing.`,
  flags: { ...JSON_FLAG, ...FOG_FLAGS },
  args: [],
  examples: [{ line: 'fog sla', does: 'the tiers, what was measured, the last breaches' }],
  run: async ({ flags, host }) => {
    const { client, signal } = await openClient(flags, host);
    const sla = await client.sla({ signal });
    await host.stdout.write(flags.json ? `${JSON.stringify(sla)}\n` : slaText(sla, host.stdout));
    await sayNext(host, `${host.self} run --tier silver …`);
    return 0;
  },
});
