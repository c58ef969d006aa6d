import { randomUUID } from 'node:crypto';
import { type Deployment, DeploymentName, MAX_REPLICAS } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { suggest } from '../command/suggest.ts';
import { openClient } from '../connect/open-client.ts';
import { type DeploymentCall, findDeployment, linkOf } from '../deployment/deployment-call.ts';
import { deploymentLogs } from '../deployment/deployment-logs.ts';
import {
  MAX_UNAVAILABLE,
  readProbe,
  readServiceJob,
  REPLICAS,
  SERVICE_FLAGS,
  uploadServiceJob,
} from '../deployment/service-job.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { matching, readFlag, whole } from '../run/read-value.ts';
import { defined } from '../run/wishes.ts';
import { deploymentText } from '../show/deployment-text.ts';

const FLAGS = {
  name: { type: 'text', value: 'NAME', help: 'create: what it is called; each name once' },
  replicas: { type: 'text', value: 'N', help: 'create: how many run at once (1)' },
  probe: {
    type: 'text',
    value: 'running|output=TIME',
    help: 'create: healthy while it runs (running), or while it writes something within TIME',
  },
  'max-unavailable': {
    type: 'text',
    value: 'N',
    help: 'create: replicas that may be missing during an update (1)',
  },
  slot: { type: 'text', value: 'N', help: 'logs: which replica (0)' },
  stderr: { type: 'boolean', help: 'logs: stderr in place of stdout' },
  ...JSON_FLAG,
  ...FOG_FLAGS,
  ...SERVICE_FLAGS,
} as const;
type Flags = FlagValues<typeof FLAGS>;

interface Call extends DeploymentCall {
  readonly flags: Flags;
  /** Of the deployment; empty for create. */
  readonly name: string;
  readonly rest: readonly string[];
}

interface Action {
  run(call: Call): Promise<number>;
  readonly flags: readonly string[];
  readonly args: number;
}

const ALWAYS = ['json', 'fog', 'data-dir', 'verbose', 'help'];
const OF_JOB = Object.keys(SERVICE_FLAGS);
/** More arguments than any program has. */
const ANY = Number.POSITIVE_INFINITY;

const ACTIONS: Readonly<Record<string, Action>> = {
  show: { run: show, flags: [], args: 0 },
  create: {
    run: create,
    flags: ['name', 'replicas', 'probe', 'max-unavailable', ...OF_JOB],
    args: ANY,
  },
  update: { run: update, flags: OF_JOB, args: ANY },
  scale: { run: scale, flags: [], args: 1 },
  logs: { run: logs, flags: ['slot', 'stderr'], args: 0 },
  delete: { run: remove, flags: [], args: 0 },
};

export const command = defineCommand({
  name: 'deployment',
  summary: 'keep a program running: create, scale, update, delete; read its logs',
  usage: [
    'deployment NAME [flags]',
    'deployment create --name NAME [flags] FILE [ARGS…]',
    'deployment NAME scale N',
    'deployment NAME update [flags] FILE [ARGS…]',
    'deployment NAME logs [--slot N] [--stderr]',
    'deployment NAME delete',
  ],
  about: `
  A deployment keeps a number of replicas of one program running: one that ends starts again, after a wait
  that grows from 1 s to 60 s while it keeps crashing, and one whose machine is lost or drained runs
  elsewhere. An update replaces one replica after the other, each when the one before is healthy; a version
  that crashes stops the update and leaves the old replicas alone. FILE and its flags are those of
  "fog run"; an update says all of them again. NAME may also be the id.`,
  flags: FLAGS,
  args: ['create|NAME', '[ACTION|FILE]', '[FILE|N]', '[ARGS…]'],
  passThrough: (args) =>
    args.length === 2 ? args[0] === 'create' : args.length === 3 && args[1] === 'update',
  examples: [
    {
      line: 'fog deployment create --name ticker --replicas 3 --probe output=30s ticker.py',
      does: 'three replicas that must write something every 30 s',
    },
    { line: 'fog deployment ticker', does: 'where they run, and how they are' },
    { line: 'fog deployment ticker scale 5', does: 'two more' },
    { line: 'fog deployment ticker update ticker-2.py', does: 'a new version, one by one' },
  ],
  run: async ({ flags, args, host }) => {
    const [first = '', second = 'show', ...others] = args;
    const isCreate = first === 'create';
    const actionName = isCreate ? 'create' : second;
    const action = actionOf(actionName, first);
    const rest = isCreate ? args.slice(1) : others;
    checkLine(actionName, action, { flags, rest });
    const opened = await openClient(flags, host);
    const name = isCreate ? '' : first;
    return action.run({ ...opened, host, json: flags.json, flags, name, rest });
  },
});

function actionOf(name: string, deployment: string): Action {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action !== undefined && (name !== 'create' || deployment === 'create')) return action;
  const near = suggest(name, Object.keys(ACTIONS));
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw usage(command, `Unknown action "${name}".${hint}`);
}

function checkLine(
  name: string,
  action: Action,
  { flags, rest }: { readonly flags: Flags; readonly rest: readonly string[] },
): void {
  for (const [flag, value] of Object.entries(flags)) {
    const isGiven = Array.isArray(value)
      ? value.length > 0
      : value !== undefined && value !== false;
    if (isGiven && ![...ALWAYS, ...action.flags].includes(flag)) {
      throw usage(command, `--${flag} means nothing for "${name}".`);
    }
  }
  const extra = rest[action.args];
  if (extra !== undefined) throw usage(command, `Unexpected argument "${extra}".`);
  const isMissing = action.args > 0 && rest.length === 0;
  if (isMissing) throw usage(command, `${name === 'scale' ? 'N' : 'FILE'} is missing.`);
  if (name === 'create' && flags.name === undefined) {
    throw usage(command, '"create" needs a name: --name NAME.');
  }
}

async function create(call: Call): Promise<number> {
  const { flags, rest, host, signal } = call;
  const name = readFlag('--name', flags.name, matching(DeploymentName)) ?? '';
  const replicas = readFlag('--replicas', flags.replicas, REPLICAS) ?? 1;
  const probe = readProbe(flags.probe);
  const maxUnavailable = readFlag('--max-unavailable', flags['max-unavailable'], MAX_UNAVAILABLE);
  const request = await readServiceJob(flags, rest, host.clock.now());
  const link = linkOf(call);
  const job = await uploadServiceJob(link, request, signal);
  const spec = { name, replicas, job, ...defined({ probe, maxUnavailable }) };
  const idempotencyKey = randomUUID();
  const deployment = await link.call((client) => client.deploy(spec, { idempotencyKey }));
  return told(call, deployment, `created ${deployment.name} (${deployment.id})`);
}

async function update(call: Call): Promise<number> {
  const { flags, rest, host, signal, client, name } = call;
  const { id } = await findDeployment(client, name, signal);
  const request = await readServiceJob(flags, rest, host.clock.now());
  const link = linkOf(call);
  const job = await uploadServiceJob(link, request, signal);
  const changed = await link.call((one) => one.changeDeployment(id, { job }));
  return told(call, changed, `${changed.name} goes to version ${changed.version}`);
}

async function scale(call: Call): Promise<number> {
  const { rest, signal, client, name } = call;
  const replicas = readFlag('scale', rest[0], whole({ min: 0, max: MAX_REPLICAS })) ?? 0;
  const { id } = await findDeployment(client, name, signal);
  const changed = await linkOf(call).call((one) => one.changeDeployment(id, { replicas }));
  return told(call, changed, `${changed.name} goes to ${replicasText(replicas)}`);
}

async function remove(call: Call): Promise<number> {
  const { signal, client, name } = call;
  const { id } = await findDeployment(client, name, signal);
  const gone = await client.deleteDeployment(id, { signal });
  return told(call, gone, `deleted ${gone.name}, which had ${replicasText(gone.replicas.length)}`);
}

async function show(call: Call): Promise<number> {
  const { host, signal, client, name } = call;
  const deployment = await findDeployment(client, name, signal);
  if (call.json) await host.stdout.write(`${JSON.stringify({ deployment })}\n`);
  else await host.stdout.write(deploymentText(deployment, host.clock.now()));
  await sayNext(host, `${host.self} deployment ${deployment.name} logs`);
  return 0;
}

async function logs(call: Call): Promise<number> {
  const slot = readFlag('--slot', call.flags.slot, whole({ min: 0, max: MAX_REPLICAS - 1 })) ?? 0;
  return deploymentLogs(call, call.name, { slot, stderr: call.flags.stderr });
}

async function told(call: Call, deployment: Deployment, text: string): Promise<number> {
  const { host } = call;
  if (call.json) await host.stdout.write(`${JSON.stringify({ deployment })}\n`);
  else await say(host, text);
  const isGone = deployment.state === 'deleting';
  await next(host, isGone ? 'deployments' : `deployment ${deployment.name}`);
  return 0;
}

async function next(host: Host, line: string): Promise<void> {
  await sayNext(host, `${host.self} ${line}`);
}

function replicasText(count: number): string {
  return count === 1 ? '1 replica' : `${count} replicas`;
}
