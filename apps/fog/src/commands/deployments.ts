import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { sayNext } from '../process/host.ts';
import { deploymentsTable } from '../show/deployment-text.ts';

export const command = defineCommand({
  name: 'deployments',
  summary: 'list services: programs the fog keeps running',
  usage: ['deployments [flags]'],
  flags: { ...JSON_FLAG, ...FOG_FLAGS },
  args: [],
  examples: [{ line: 'fog deployments', does: 'each service with how many replicas are healthy' }],
  run: async ({ flags, host }) => {
    const { client, signal } = await openClient(flags, host);
    const deployments = await client.deployments({ signal });
    if (flags.json) await host.stdout.write(`${JSON.stringify({ deployments })}\n`);
    else if (deployments.length === 0) await host.stdout.write('No deployments.\n');
    else await host.stdout.write(deploymentsTable(deployments, host.clock.now()));
    const [first] = deployments;
    const next = first === undefined ? 'create --name NAME FILE' : first.name;
    await sayNext(host, `${host.self} deployment ${next}`);
    return 0;
  },
});
