import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { sayNext } from '../process/host.ts';
import { nodesTable } from '../show/fog-text.ts';

export const command = defineCommand({
  name: 'nodes',
  summary: 'list the machines of the fog',
  usage: ['nodes [flags]'],
  about: `
  SANDBOX tells how programs are kept apart on a node: "os" by namespaces of the operating system,
  "process" by a process of their own only; such a node takes other owners' work only as WebAssembly.`,
  flags: { ...JSON_FLAG, ...FOG_FLAGS },
  args: [],
  examples: [{ line: 'fog nodes', does: 'each machine with its slots and what it did' }],
  run: async ({ flags, host }) => {
    const { client, signal } = await openClient(flags, host);
    const nodes = await client.nodes({ signal });
    if (flags.json) await host.stdout.write(`${JSON.stringify({ nodes })}\n`);
    else if (nodes.length === 0) await host.stdout.write('No machine has joined yet.\n');
    else await host.stdout.write(nodesTable(nodes, host.clock.now()));
    await sayNext(host, `${host.self} invite`);
    return 0;
  },
});
