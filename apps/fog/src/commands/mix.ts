import { isFogError } from '@fog/kernel';
import {
  MAX_MIX_BENCH_RATE,
  MAX_MIX_BENCH_SECONDS,
  MAX_MIX_DELAY_CLASS,
  MAX_MIX_HOPS,
  MIX_LEVELS,
  type MixBenchCall,
  type MixPing,
} from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { suggest } from '../command/suggest.ts';
import { type OpenClient, openClient } from '../connect/open-client.ts';
import { MAX_AUTHORITIES } from '../mix/limits.ts';
import { dataDirOf } from '../process/data-dir.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { readWhole } from '../run/run-flags.ts';
import {
  auditText,
  benchText,
  mixStatusText,
  pathText,
  pingSummary,
  pingText,
  relaysTable,
} from '../show/mix-text.ts';

/** Pings of one command; more is a load test. */
const MAX_PINGS = 10_000;
/** Hops of a ping when none are asked for: those of a private path. */
const DEFAULT_HOPS = 3;
/** Of a benchmark: enough for percentiles, and no burden for a small fog. */
const DEFAULT_SECONDS = 5;
/** Loops a second of one, as of a client at the level secret. */
const DEFAULT_RATE = 20;

const FLAGS = {
  hops: {
    type: 'text',
    value: 'N',
    help: `ping, bench: relays of a loop, 1 to ${MAX_MIX_HOPS} (3)`,
  },
  class: { type: 'text', value: 'C', help: 'ping, bench: delay class of every hop, 0 to 4 (0)' },
  count: { type: 'text', value: 'N', help: 'ping: loops, one after the other (1)' },
  seconds: { type: 'text', value: 'S', help: `bench: how long, 1 to ${MAX_MIX_BENCH_SECONDS} (5)` },
  rate: {
    type: 'text',
    value: 'N',
    help: `bench: loops a second, 1 to ${MAX_MIX_BENCH_RATE} (20)`,
  },
  level: { type: 'text', value: 'LEVEL', help: `path: ${MIX_LEVELS.join(', ')} (private)` },
  verify: { type: 'boolean', help: 'lottery: check signatures and draw on this machine' },
  config: { type: 'text', value: 'FILE', help: 'authority: the configuration it will run with' },
  url: { type: 'text', value: 'URL', help: 'authority: http://HOST:PORT it is reached at' },
  name: { type: 'text', value: 'NAME', help: 'network: of the new one' },
  threshold: { type: 'text', value: 'N', help: 'network: signatures needed (a majority)' },
  out: { type: 'text', value: 'FILE', help: 'network: the file to write (network.json)' },
  ...JSON_FLAG,
  ...FOG_FLAGS,
} as const;
type MixFlags = FlagValues<typeof FLAGS>;

interface Call extends OpenClient {
  readonly flags: MixFlags;
  readonly host: Host;
}

interface LocalCall {
  readonly flags: MixFlags;
  readonly host: Host;
  readonly files: readonly string[];
}

const ACTIONS: Readonly<
  Record<
    string,
    { readonly run: (call: Call) => Promise<void>; readonly flags: readonly (keyof MixFlags)[] }
  >
> = {
  status: { run: status, flags: [] },
  ping: { run: ping, flags: ['hops', 'class', 'count'] },
  bench: { run: bench, flags: ['hops', 'class', 'seconds', 'rate'] },
  path: { run: path, flags: ['level'] },
  lottery: { run: lottery, flags: ['verify'] },
  audit: { run: audit, flags: [] },
};

/** These need no fog: they come before there is one. */
const LOCAL_ACTIONS: Readonly<
  Record<
    string,
    {
      readonly run: (call: LocalCall) => Promise<void>;
      readonly flags: readonly (keyof MixFlags)[];
      readonly files: boolean;
    }
  >
> = {
  authority: { run: authority, flags: ['config', 'url'], files: false },
  network: { run: network, flags: ['name', 'threshold', 'out'], files: true },
};
const ACTION_FLAGS = [...Object.values(ACTIONS), ...Object.values(LOCAL_ACTIONS)].flatMap(
  ({ flags }) => flags,
);

export const command = defineCommand({
  name: 'mix',
  summary: 'look into the mixnet and measure it',
  usage: [
    'mix status',
    'mix ping [--hops N] [--class C] [--count N]',
    'mix bench [--seconds S] [--rate N] [--hops N] [--class C]',
    'mix path [--level LEVEL]',
    'mix lottery [--verify]',
    'mix audit',
    'mix authority --config FILE [--url URL]',
    'mix network --name NAME [--threshold N] [--out FILE] AUTHORITY…',
    'mix network FILE',
  ],
  about: `
  status shows the consensus, its signers and the relays. ping sends a packet through relays and back to
  this fog's own mailbox; bench sends such loops at a constant rate and tells what became of them. path
  draws a path as a message of that level would take it. lottery shows which relays were drawn, and
  recomputes it. audit tells which relays kept the delays they owed.

  For a mixnet of several operators: authority prints the public keys of an authority, network makes of
  several such files the network file that all members get, or shows one and its digest.`,
  flags: FLAGS,
  args: ['[ACTION]', '[FILE…]'],
  examples: [
    { line: 'fog mix status', does: 'consensus, authorities and relays' },
    { line: 'fog mix ping --hops 7', does: 'a loop over seven relays and its time' },
    { line: 'fog mix bench --class 1', does: 'what 20 loops a second take, and how many are lost' },
    { line: 'fog mix lottery --verify', does: 'signatures and draw, checked on this machine' },
  ],
  run: async ({ flags, args, host }) => {
    const [name = 'status', ...files] = args;
    const local = Object.hasOwn(LOCAL_ACTIONS, name) ? LOCAL_ACTIONS[name] : undefined;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    const known = local ?? action;
    if (known === undefined) {
      const names = Object.keys({ ...ACTIONS, ...LOCAL_ACTIONS });
      const near = suggest(name, names);
      const help = near ? `Did you mean "${near}"?` : `There are ${names.join(', ')}.`;
      throw usage(command, `Unknown action "${name}". ${help}`);
    }
    checkFlags(name, flags, known.flags);
    if (files.length > 0 && local?.files !== true) {
      throw misuse(name, `Unexpected argument "${files[0]}".`);
    }
    if (local !== undefined) await local.run({ flags, host, files });
    else await action?.run({ flags, host, ...(await openClient(flags, host)) });
    return 0;
  },
});

/** With the line of usage that is about this action. */
function misuse(action: string, problem: string): Error {
  const lines = command.usage.filter((line) => line.startsWith(`mix ${action}`));
  return usage({ name: command.name, usage: lines }, problem);
}

function checkFlags(name: string, flags: MixFlags, meant: readonly (keyof MixFlags)[]): void {
  for (const flag of ACTION_FLAGS) {
    const given = flags[flag] === true || typeof flags[flag] === 'string';
    if (given && !meant.includes(flag)) {
      throw misuse(name, `--${flag} means nothing for "fog mix ${name}".`);
    }
  }
  readPing(flags);
  readBench(flags);
  readLevel(flags);
}

async function authority({ flags, host }: LocalCall): Promise<void> {
  const { config, url } = flags;
  if (config === undefined) throw misuse('authority', '"fog mix authority" needs --config FILE.');
  const { showAuthority } = await import('../mix/network-actions.ts');
  await showAuthority(host, { config, url });
}

async function network({ flags, host, files }: LocalCall): Promise<void> {
  const { name, out, json: asJson } = flags;
  const [file] = files;
  const threshold = readWhole('--threshold', flags.threshold, { min: 1, max: MAX_AUTHORITIES });
  if (file === undefined) {
    throw misuse('network', '"fog mix network" needs a file of each authority, or a network file.');
  }
  const { makeNetwork, showNetwork } = await import('../mix/network-actions.ts');
  if (name !== undefined) {
    const options = { name, threshold, files, out: out ?? 'network.json', json: asJson };
    return makeNetwork(host, options);
  }
  if (files.length > 1 || threshold !== undefined || out !== undefined) {
    throw misuse('network', 'A new network needs a name: --name NAME.');
  }
  return showNetwork(host, { file, json: asJson });
}

async function status({ client, signal, flags, host }: Call): Promise<void> {
  const answer = await client.mixStatus({ signal });
  await host.stdout.write(flags.json ? json(answer) : mixStatusText(answer));
  await sayNext(host, `${host.self} mix ping --hops 7`, `${host.self} mix lottery --verify`);
}

async function ping(call: Call): Promise<void> {
  const { flags, host } = call;
  const { count } = readPing(flags);
  const pings: MixPing[] = [];
  for (let number = 0; number < count; number += 1) {
    const answer = await pingOnce(call, count > 1);
    if (answer !== undefined) pings.push(answer);
    if (!flags.json) await host.stdout.write(pingLine(answer, count));
  }
  const times = pings.map(({ rttMs }) => rttMs).toSorted((a, b) => a - b);
  const medianMs = times[Math.floor(times.length / 2)] ?? 0;
  const [minMs = 0, maxMs = 0] = [times[0], times.at(-1)];
  const lost = count - pings.length;
  if (flags.json) await host.stdout.write(json({ count, lost, minMs, medianMs, maxMs, pings }));
  else if (count > 1) {
    const shown = [minMs, medianMs, maxMs].map((each) => each.toFixed(2)).join(' / ');
    await host.stdout.write(`${count} loops, ${lost} lost: ${shown} ms (min / median / max)\n`);
  }
}

/** Hop by hop where there is one; of many, a line each. */
function pingLine(answer: MixPing | undefined, count: number): string {
  if (answer === undefined) return 'lost\n';
  return count === 1 ? pingText(answer) : pingSummary(answer);
}

/** Undefined for a lost loop, where there are others to go on with; alone it is an error. */
async function pingOnce(
  { client, signal, flags }: Call,
  mayLose: boolean,
): Promise<MixPing | undefined> {
  const { hops, delayClass } = readPing(flags);
  try {
    return await client.mixPing({ hops, delayClass }, { signal });
  } catch (error) {
    if (mayLose && isFogError(error, 'MIXNET_NO_ANSWER')) return undefined;
    throw error;
  }
}

async function bench({ client, signal, flags, host }: Call): Promise<void> {
  const call = readBench(flags);
  if (!flags.json) {
    await say(host, `sending ${call.rate} loops a second for ${call.seconds} s; Ctrl-C ends it`);
  }
  const answer = await client.mixBench(call, { signal });
  await host.stdout.write(flags.json ? json(answer) : benchText(answer));
}

async function path({ client, signal, flags, host }: Call): Promise<void> {
  const answer = await client.mixPath(readLevel(flags), { signal });
  await host.stdout.write(flags.json ? json(answer) : pathText(answer));
}

async function lottery({ client, signal, flags, host, target }: Call): Promise<void> {
  const { relays, consensus } = await client.mixStatus({ signal });
  if (!flags.verify && consensus === undefined && !flags.json) {
    return host.stdout.write('no consensus yet, hence no draw; see "fog status"\n');
  }
  if (!flags.verify) {
    const text = `${relays.filter(({ active }) => active).length} of ${relays.length} relays are active, the lottery draws at most ${consensus?.maxActive ?? 0} more than gateways, guards and exits\n\n${relaysTable(relays)}`;
    await host.stdout.write(flags.json ? json({ consensus, relays }) : text);
    return sayNext(host, `${host.self} mix lottery --verify`);
  }
  const { checkLottery } = await import('../mix/check-lottery.ts');
  const dataDir = target.source === 'local' ? dataDirOf(flags['data-dir'], host.env) : undefined;
  const checked = await checkLottery(await client.mixConsensus({ signal }), dataDir);
  if (flags.json) return host.stdout.write(json({ verified: true, ...checked }));
  const keys =
    checked.keysFrom === 'file' ? "this machine's network file" : 'the fog itself, unchecked';
  await host.stdout.write(
    `consensus   epoch ${checked.epoch}, revision ${checked.revision}\n` +
      `signatures  ${checked.signers.length} good, ${checked.threshold} needed; keys from ${keys}\n` +
      `random      ${checked.sharedRandom}\n` +
      `draw        ${checked.active} of ${checked.relays} relays active, ${checked.drawn} of them drawn: as recomputed here\n`,
  );
}

async function audit({ client, signal, flags, host }: Call): Promise<void> {
  const answer = await client.mixAudit({ signal });
  await host.stdout.write(flags.json ? json(answer) : auditText(answer));
}

interface PingFlags {
  readonly hops: number;
  readonly delayClass: number;
  readonly count: number;
}

function readPing(flags: MixFlags): PingFlags {
  return {
    hops: readWhole('--hops', flags.hops, { min: 1, max: MAX_MIX_HOPS }) ?? DEFAULT_HOPS,
    delayClass: readWhole('--class', flags.class, { min: 0, max: MAX_MIX_DELAY_CLASS }) ?? 0,
    count: readWhole('--count', flags.count, { min: 1, max: MAX_PINGS }) ?? 1,
  };
}

function readBench(flags: MixFlags): MixBenchCall {
  const { hops, delayClass } = readPing(flags);
  const seconds = { min: 1, max: MAX_MIX_BENCH_SECONDS };
  const rate = { min: 1, max: MAX_MIX_BENCH_RATE };
  return {
    hops,
    delayClass,
    seconds: readWhole('--seconds', flags.seconds, seconds) ?? DEFAULT_SECONDS,
    rate: readWhole('--rate', flags.rate, rate) ?? DEFAULT_RATE,
  };
}

function readLevel({ level = 'private' }: MixFlags): (typeof MIX_LEVELS)[number] {
  const known = MIX_LEVELS.find((each) => each === level);
  if (known !== undefined) return known;
  throw misuse('path', `--level ${level}: must be one of ${MIX_LEVELS.join(', ')}.`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
