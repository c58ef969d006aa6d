import type { FogNode, NodeMode, Prices, RouteRequestInput } from '@fog/wire';
import { EXIT_CODES, ROUTING_STRATEGIES, RuntimeName } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { suggest } from '../command/suggest.ts';
import { coordinates } from '../connect/coordinates.ts';
import { findNode } from '../connect/find-node.ts';
import { prices } from '../connect/profile-flags.ts';
import { type OpenClient, openClient } from '../connect/open-client.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { readLabels } from '../run/demand-flags.ts';
import { JOB_VALUES } from '../run/job-values.ts';
import { oneOf, readFlag } from '../run/read-value.ts';
import { defined } from '../run/wishes.ts';
import {
  nodesTable,
  nodeStatusText,
  nodeText,
  routeText,
  topologyText,
} from '../show/node-text.ts';
import { pricesText } from '../show/price-text.ts';
import { trustText } from '../show/trust-text.ts';

const ROUTE = 'of "nodes route"';
const PRICE = 'of "nodes price"';

const FLAGS = {
  ...JSON_FLAG,
  ...FOG_FLAGS,
  trust: { type: 'boolean', help: 'with NODE or a relay: how far it is trusted, and the evidence' },
  strategy: { type: 'text', value: 'NAME', help: ROUTING_STRATEGIES.join(', '), group: ROUTE },
  explain: { type: 'boolean', help: 'show every node with its score, or why not', group: ROUTE },
  runtime: { type: 'text', value: 'NAME', help: 'what runs: wasm, python (wasm)', group: ROUTE },
  from: { type: 'text', value: 'LAT,LON', help: 'where the request comes from', group: ROUTE },
  region: { type: 'text', value: 'NAME', help: 'only nodes of this region', group: ROUTE },
  label: { type: 'list', value: 'NAME=VALUE', help: 'only with this label', group: ROUTE },
  privacy: { type: 'text', value: 'LEVEL', help: 'as of "fog run"', group: ROUTE },
  memory: { type: 'text', value: 'SIZE', help: 'memory it needs', group: ROUTE },
  cores: { type: 'text', value: 'N', help: 'cores it needs', group: ROUTE },
  disk: { type: 'text', value: 'SIZE', help: 'disk it needs', group: ROUTE },
  gpus: { type: 'text', value: 'N', help: 'GPUs it needs', group: ROUTE },
  tier: { type: 'text', value: 'NAME', help: 'tier of service it pays for', group: ROUTE },
  price: { type: 'text', value: 'cpu=N,…', help: 'as of "fog join"', group: PRICE },
} as const;
type NodesFlags = FlagValues<typeof FLAGS>;

interface Call extends OpenClient {
  readonly flags: NodesFlags;
  readonly host: Host;
  /** What the node was called, where the action is about one. */
  readonly node: string;
}

interface Action {
  /** The exit code, where it is not always 0. */
  readonly run: (call: Call) => Promise<number | void>;
  readonly takesNode: boolean;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  drain: { run: (call) => setMode(call, 'draining'), takesNode: true },
  maintenance: { run: (call) => setMode(call, 'maintenance'), takesNode: true },
  resume: { run: (call) => setMode(call, 'accepting'), takesNode: true },
  route: { run: route, takesNode: false },
  price: { run: setPrices, takesNode: true },
  topology: { run: topology, takesNode: false },
};

export const command = defineCommand({
  name: 'nodes',
  summary:
    'list the machines of the fog, their trust and prices; drain them, ask where work would go',
  usage: [
    'nodes [NODE [--trust]] [flags]',
    'nodes drain|maintenance|resume NODE',
    'nodes price NODE --price cpu=N,…',
    'nodes route --strategy NAME [--explain] [flags]',
    'nodes topology',
  ],
  about: `
  NODE is an id, the beginning of one, or a name. A draining node ends what it has and takes nothing new;
  one in maintenance gives its work back at once; "resume" ends both. STATUS is "cooling" while a node
  gets nothing because its last tasks failed. RTT is the round trip to the coordinator. "price" changes
  what a machine asks; "route --explain" shows what each asks now for an hour of such work.

  TRUST is what a node's work is worth at least: the share of right results it is above with a
  probability of 95 %, from what the fog has verified. A dash: no result of it could be yet.

  SANDBOX tells how programs are kept apart on a node: "os" by namespaces of the operating system,
  "process" by a process of their own only; such a node takes other owners' work only as WebAssembly.`,
  flags: FLAGS,
  args: ['[ACTION|NODE]', '[NODE]'],
  examples: [
    { line: 'fog nodes', does: 'each machine with its slots and what it did' },
    { line: 'fog nodes attic', does: 'all about one of them' },
    { line: 'fog node attic --trust', does: 'how far it is trusted, and what that rests on' },
    { line: 'fog nodes drain attic', does: 'let it finish, before it is switched off' },
    {
      line: 'fog nodes route --strategy proximity_based --from 52.52,13.40 --explain',
      does: 'where a request from Berlin would go, and why',
    },
  ],
  exitCodes: {
    0: 'done; of "nodes route": a node takes it',
    2: 'wrong command line, or no such node',
    125: 'the fog cannot be reached; of "nodes route": no node can take it',
  },
  run: async ({ flags, args, host }) => {
    const [name, node = ''] = args;
    const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    checkLine({ name, action, node, flags });
    const opened = await openClient(flags, host);
    const call = { ...opened, flags, host, node };
    if (action !== undefined) return (await action.run(call)) ?? 0;
    if (name === undefined) await listNodes(call);
    else if (flags.trust) await showTrust({ ...call, node: name });
    else await showNode({ ...call, node: name });
    return 0;
  },
});

function checkLine(line: {
  readonly name: string | undefined;
  readonly action: Action | undefined;
  readonly node: string;
  readonly flags: NodesFlags;
}): void {
  const { name, action, node, flags } = line;
  if (action?.takesNode === true && node === '') throw usage(command, 'NODE is missing.', name);
  if (action?.takesNode !== true && node !== '') {
    const near = action === undefined ? suggest(name ?? '', Object.keys(ACTIONS)) : undefined;
    const hint = near === undefined ? '' : ` Did you mean "nodes ${near} ${node}"?`;
    throw usage(command, `Unexpected argument "${node}".${hint}`);
  }
  if (flags.trust && (name === undefined || action !== undefined)) {
    throw usage(command, '--trust is about one node: "fog nodes NODE --trust".');
  }
  checkFlags(name, flags);
}

/** Wrong values are told before any fog is asked. */
function checkFlags(name: string | undefined, flags: NodesFlags): void {
  const own = name === 'route' ? ROUTE : name === 'price' ? PRICE : undefined;
  for (const [flag, def] of Object.entries(FLAGS)) {
    if (!('group' in def) || def.group === own || !isGiven(flags, flag)) continue;
    throw usage(command, `--${flag} belongs to "fog ${def.group.slice(4, -1)}".`);
  }
  if (name === 'route') routeRequest(flags);
  if (name === 'price') askedPrices(flags);
}

function isGiven(flags: NodesFlags, name: string): boolean {
  const value = flags[name as keyof NodesFlags];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

async function print(host: Host, text: string): Promise<void> {
  await host.stdout.write(text);
}

async function listNodes({ client, signal, flags, host }: Call): Promise<void> {
  const nodes = await client.nodes({ signal });
  if (flags.json) await print(host, `${JSON.stringify({ nodes })}\n`);
  else if (nodes.length === 0) await print(host, 'No machine has joined yet.\n');
  else await print(host, nodesTable(nodes, host.clock.now(), host.stdout));
  await sayNext(host, `${host.self} invite`);
}

async function showNode(call: Call): Promise<void> {
  const { flags, host } = call;
  const node = await oneNode(call);
  const text = flags.json ? `${JSON.stringify({ node })}\n` : nodeText(node, host.clock.now());
  await print(host, text);
  await sayNext(host, `${host.self} nodes drain ${node.id.slice(0, 8)}`);
}

/** A whole id: of a node, or of a relay of the mixnet, which is not among the nodes. */
const RELAY_ID = /^[a-z2-7]{26}$/;

async function showTrust(call: Call): Promise<void> {
  const { client, signal, flags, host, node } = call;
  const { id, name } = RELAY_ID.test(node) ? { id: node, name: node } : await oneNode(call);
  const trust = await client.nodeTrust(id, { signal });
  await print(
    host,
    flags.json ? `${JSON.stringify({ trust })}\n` : trustText(trust, name, host.stdout),
  );
  await sayNext(host, `${host.self} nodes`);
}

async function oneNode({ client, signal, node }: Call): Promise<FogNode> {
  const nodes = await client.nodes({ signal });
  // A word that is no node was perhaps meant as an action.
  const near = suggest(node, Object.keys(ACTIONS));
  try {
    return findNode(nodes, node);
  } catch (error) {
    if (near === undefined) throw error;
    throw usage(command, `"${node}" is no node. Did you mean "${near}"?`);
  }
}

async function setMode(call: Call, mode: NodeMode): Promise<void> {
  const { client, signal, flags, host } = call;
  const { id } = await oneNode(call);
  const node = await client.setNodeMode(id, mode, { signal });
  if (flags.json) await print(host, `${JSON.stringify({ node })}\n`);
  else await say(host, `node ${node.name} (${id}) is ${nodeStatusText(node)}`);
  const back = `${host.self} nodes resume ${id.slice(0, 8)}`;
  await sayNext(host, mode === 'accepting' ? `${host.self} nodes` : back);
}

async function setPrices(call: Call): Promise<void> {
  const { client, signal, flags, host } = call;
  const wanted = askedPrices(flags);
  const { id } = await oneNode(call);
  const node = await client.setNodePrices(id, wanted, { signal });
  if (flags.json) await print(host, `${JSON.stringify({ node })}\n`);
  else await say(host, `node ${node.name} (${id}) asks ${pricesText(wanted)}`);
  await sayNext(host, `${host.self} nodes route --strategy least_loaded --explain`);
}

function askedPrices(flags: NodesFlags): Prices {
  const wanted = readFlag('--price', flags.price, prices);
  if (wanted !== undefined) return wanted;
  throw usage(command, '--price is missing, like --price cpu=0.5,gb=0.01,spot=0.3.', 'price');
}

async function route({ client, signal, flags, host }: Call): Promise<number> {
  const answer = await client.route(routeRequest(flags), { signal });
  const text = flags.json
    ? `${JSON.stringify(answer)}\n`
    : routeText(answer, flags.explain, host.stdout);
  await print(host, text);
  if (!flags.explain) await sayNext(host, `${host.self} nodes route … --explain`);
  return answer.node === undefined ? EXIT_CODES.fogFailed : 0;
}

function routeRequest(flags: NodesFlags): RouteRequestInput {
  const strategy = readFlag('--strategy', flags.strategy, oneOf(ROUTING_STRATEGIES));
  if (strategy === undefined) {
    throw usage(
      command,
      `--strategy is missing: one of ${ROUTING_STRATEGIES.join(', ')}.`,
      'route',
    );
  }
  const resources = defined({
    memoryBytes: readFlag('--memory', flags.memory, JOB_VALUES.memory),
    cores: readFlag('--cores', flags.cores, JOB_VALUES.cores),
    diskBytes: readFlag('--disk', flags.disk, JOB_VALUES.disk),
    gpus: readFlag('--gpus', flags.gpus, JOB_VALUES.gpus),
  });
  return {
    strategy,
    ...defined({
      runtime: readFlag('--runtime', flags.runtime, oneOf(RuntimeName.options)),
      from: readFlag('--from', flags.from, coordinates),
      region: readFlag('--region', flags.region, JOB_VALUES.region),
      labels: readLabels('--label', flags.label),
      privacy: readFlag('--privacy', flags.privacy, JOB_VALUES.privacy),
      tier: readFlag('--tier', flags.tier, JOB_VALUES.tier),
      resources: Object.keys(resources).length === 0 ? undefined : resources,
    }),
  };
}

async function topology({ client, signal, flags, host }: Call): Promise<void> {
  const seen = await client.topology({ signal });
  if (flags.json) return print(host, `${JSON.stringify(seen)}\n`);
  const nodes = await client.nodes({ signal });
  await print(host, topologyText(seen, new Map(nodes.map(({ id, name }) => [id, name]))));
}
