import { availableParallelism } from 'node:os';
import path from 'node:path';
import { isFogError, type Logger, parseDuration } from '@fog/kernel';
import type { ListenOptions } from '@fog/server';
import { FOG_VERSION } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { DATA_DIR_FLAG, JSON_FLAG, SANDBOX_FLAG } from '../command/shared-flags.ts';
import type { ComposeFogOptions, RunningFog } from '../compose/compose-fog.ts';
import { operatorTokenFile } from '../compose/operator-token.ts';
import { DEFAULT_PORT } from '../compose/ports.ts';
import { endpointFile, readEndpoint, writeEndpoint } from '../connect/endpoint.ts';
import { MAX_PORT, readListen } from '../connect/listen-flags.ts';
import { PROFILE_FLAGS, readProfile } from '../connect/profile-flags.ts';
import { fail } from '../errors.ts';
import { dataDirOf, ensurePrivateDir } from '../process/data-dir.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { MIX_ROLES, type MixRole } from '../mix/mix-roles.ts';
import { readSandbox, readSlots, readWhole } from '../run/run-flags.ts';
import { servicesTable } from '../show/fog-text.ts';
import { joinLine, joinText } from '../show/join-text.ts';

const COORDINATOR = 'coordinator';

const FLAGS = {
  port: {
    type: 'text',
    value: 'N',
    help: `port on 127.0.0.1; 0 takes any free one (${DEFAULT_PORT})`,
  },
  listen: {
    type: 'list',
    value: 'HOST:PORT',
    help: 'also take other machines there, with TLS; 0.0.0.0:7700 is all addresses (repeatable)',
  },
  public: {
    type: 'list',
    value: 'HOST[:PORT]',
    help: 'how other machines reach it, if otherwise: printed in the join line (repeatable)',
  },
  'tls-cert': { type: 'text', value: 'FILE', help: 'certificate of a known authority, PEM' },
  'tls-key': { type: 'text', value: 'FILE', help: 'its key, PEM' },
  store: {
    type: 'text',
    value: 'URL',
    help: 'state in PostgreSQL instead of the data directory (FOG_STORE)',
  },
  blobs: {
    type: 'text',
    value: 'DIR|URL',
    help: 'files in a directory of several coordinators, or an S3-compatible bucket (FOG_BLOBS)',
  },
  keep: {
    type: 'text',
    value: 'DURATION',
    help: 'how long ended jobs are kept with their results (30d)',
  },
  live: {
    type: 'text',
    value: 'URL',
    help: 'Redis through which several coordinators of the fog hear of each other (FOG_LIVE)',
  },
  slots: { type: 'text', value: 'N', help: 'tasks at once on this machine (one for each core)' },
  'no-mixnet': { type: 'boolean', help: 'start no authorities and relays' },
  network: {
    type: 'text',
    value: 'FILE',
    help: 'use the mixnet of this network file; start no authorities and relays',
  },
  processes: { type: 'boolean', help: 'each authority and relay in a process of its own' },
  role: {
    type: 'text',
    value: 'ROLE',
    help: 'only this: coordinator, or with --config relay, gateway or authority',
  },
  config: { type: 'text', value: 'FILE', help: 'configuration of that role, YAML or JSON' },
  'no-worker': { type: 'boolean', help: 'coordinate only, run no tasks in this process' },
  ...JSON_FLAG,
  ...DATA_DIR_FLAG,
  ...SANDBOX_FLAG,
  ...PROFILE_FLAGS,
} as const;

export const command = defineCommand({
  name: 'up',
  summary: 'start a fog on this machine',
  usage: [
    'up [--port N] [--listen HOST:PORT] [--slots N] [--no-worker] [--no-mixnet] [flags]',
    'up --network FILE [flags]',
    'up --role ROLE [--config FILE]',
  ],
  about: `
  Runs a coordinator with its API and, unless told otherwise, a worker and a mixnet of 3 directory
  authorities and 9 relays on this machine, until Ctrl-C; a second Ctrl-C forces. Jobs and results are
  kept in the data directory: after a stop, or a crash, the next "fog up" there goes on where it was.
  Only this machine reaches the fog unless --listen says otherwise; then the join line names the fog's
  key, and who uses it talks to that fog or to nobody.`,
  flags: FLAGS,
  args: [],
  examples: [
    { line: 'fog up', does: 'a fog on port 7700, and the line that joins other terminals' },
    {
      line: 'fog up --listen 0.0.0.0:7700',
      does: 'a fog for other machines too, with TLS',
    },
    {
      line: 'fog up --no-worker --port 0 --json',
      does: 'for a script: one document, then it runs',
    },
    {
      line: 'fog up --network network.json',
      does: 'a fog whose traffic goes over the mixnet of others',
    },
    {
      line: 'fog up --store postgres://fog@db.example.org/fog?sslmode=verify-full',
      does: 'a fog whose state is in PostgreSQL; the password comes from PGPASSWORD',
    },
    {
      line: 'fog up --store postgres://fog@db/fog --live redis://cache:6379 --listen 0.0.0.0:7700',
      does: 'one of several coordinators: when the one that leads is lost, another goes on',
    },
    {
      line: 'fog up --role relay --config relay.yaml',
      does: 'one relay of a mixnet whose authorities run elsewhere',
    },
  ],
  exitCodes: {
    0: 'stopped in good order',
    2: 'wrong command line',
    125: 'port taken, data directory in use, or a part did not start',
  },
  run: async ({ flags, host }) => {
    const role = readRole(flags);
    if (role !== undefined) return runAlone(role, flags, host);
    const options = await readOptions(flags, host);
    const { dataDir } = options;
    await checkNetworkFile(flags.network);
    await ensurePrivateDir(dataDir);
    const { openLog } = await import('../process/log-file.ts');
    const log = openLog({ dataDir, verbose: flags.verbose });
    try {
      const { asked } = host.interrupts;
      await using fog = await start(options, host, log.logger);
      const { url, token } = fog;
      const removeEndpoint = await writeEndpoint(dataDir, { url, token, pid: process.pid });
      try {
        await present(fog, dataDir, host, flags.json);
        await interrupted(asked);
        await say(host, 'stopping; Ctrl-C again forces');
      } finally {
        await removeEndpoint();
      }
      return 0;
    } finally {
      log.flush();
    }
  },
});

interface LoneRole {
  readonly role: MixRole;
  readonly file: string;
}

/** Undefined for a whole fog and for a coordinator alone. */
function readRole({ role, config, network }: FlagValues<typeof FLAGS>): LoneRole | undefined {
  if (role === undefined && config !== undefined) throw usage(command, '--config needs --role.');
  if (role === undefined || role === COORDINATOR) return undefined;
  const known = MIX_ROLES.find((each) => each === role);
  if (known === undefined) {
    const names = [COORDINATOR, ...MIX_ROLES].join(', ');
    throw usage(command, `--role ${role}: must be one of ${names}.`);
  }
  if (network !== undefined) {
    throw usage(
      command,
      '--network is for a whole fog; the configuration of a role names its own.',
    );
  }
  if (config !== undefined) return { role: known, file: config };
  throw usage(command, `--role ${role} needs --config FILE.`);
}

async function runAlone(
  { role, file }: LoneRole,
  flags: FlagValues<typeof FLAGS> & { readonly verbose: boolean },
  host: Host,
): Promise<number> {
  const { runRole } = await import('../mix/run-role.ts');
  return runRole(role, file, { host, json: flags.json, verbose: flags.verbose });
}

/** A file that is no good is no reason to start: the fog would be without the mixnet it was told to use. */
async function checkNetworkFile(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const { readNetworkFile } = await import('../mix/network-file.ts');
  await readNetworkFile(file);
}

function checkExclusions(flags: FlagValues<typeof FLAGS>, env: NodeJS.ProcessEnv): void {
  const isAlone = flags.role === COORDINATOR;
  if (isAlone && (flags.slots !== undefined || flags.processes || flags.config !== undefined)) {
    throw usage(command, '--role coordinator takes neither --slots, --processes nor --config.');
  }
  if (flags.live !== undefined && (flags.store ?? env['FOG_STORE'] ?? '') === '') {
    throw usage(
      command,
      '--live is for several coordinators on one database: it needs --store too.',
    );
  }
  if (flags['no-mixnet'] && flags.processes) {
    throw usage(command, '--no-mixnet and --processes exclude each other.');
  }
  if (flags.network !== undefined && (isAlone || flags['no-mixnet'] || flags.processes)) {
    throw usage(command, '--network excludes --role, --no-mixnet and --processes.');
  }
}

/** Undefined when no worker is started here. */
function workerOf(
  flags: FlagValues<typeof FLAGS>,
  env: NodeJS.ProcessEnv,
): ComposeFogOptions['worker'] {
  const slots = readSlots(flags.slots);
  const sandbox = readSandbox(flags.sandbox, env);
  const profile = readProfile(flags);
  if (flags.role !== COORDINATOR && !flags['no-worker']) {
    return { slots: slots ?? availableParallelism(), sandbox, profile, measureSpeed: true };
  }
  if (slots !== undefined) throw usage(command, '--no-worker and --slots exclude each other.');
  const said = Object.keys(PROFILE_FLAGS).find((name) => flags[name as 'type']?.length);
  if (said === undefined) return undefined;
  throw usage(command, `--${said} is said of a worker, and none is started here.`);
}

async function readOptions(
  flags: FlagValues<typeof FLAGS>,
  host: Host,
): Promise<ComposeFogOptions> {
  checkExclusions(flags, host.env);
  const isAlone = flags.role === COORDINATOR;
  const dataDir = dataDirOf(flags['data-dir'], host.env);
  const listen = await readListen(flags);
  const worker = workerOf(flags, host.env);
  // The roles of a mixnet, which this file starts too, need no database.
  const { readBlobsPlace, readLiveUrl, readStoreUrl } = await import('../compose/open-storage.ts');
  return {
    dataDir,
    storage: {
      store: readStoreUrl(flags.store, host.env),
      blobs: await readBlobsPlace(flags.blobs, host.env),
      env: host.env,
    },
    kept: readKeep(flags.keep),
    live: readLiveUrl(flags.live, host.env),
    runtimesDir: path.join(dataDir, 'runtimes'),
    port: readWhole('--port', flags.port, { min: 0, max: MAX_PORT }) ?? portBeside(listen),
    listen,
    mixnet:
      isAlone || flags['no-mixnet']
        ? undefined
        : { processes: flags.processes, networkFile: flags.network, env: host.env },
    worker,
  };
}

/** Whoever runs a job must have time to fetch its results. */
const MIN_KEEP_MS = 3_600_000;

function readKeep(text: string | undefined): { readonly keepMs: number } | undefined {
  if (text === undefined) return undefined;
  const keepMs = parseDuration(text);
  if (keepMs !== undefined && keepMs >= MIN_KEEP_MS) return { keepMs };
  throw usage(command, `--keep ${text}: must be a time of at least 1h, such as 12h or 90d.`);
}

/** The usual one, unless other machines are to be taken there. */
function portBeside(listen: ListenOptions | undefined): number {
  const isTaken = listen?.addresses.some(({ port }) => port === DEFAULT_PORT) === true;
  return isTaken ? 0 : DEFAULT_PORT;
}

async function start(options: ComposeFogOptions, host: Host, logger: Logger): Promise<RunningFog> {
  try {
    const { composeFog } = await import('../compose/compose-fog.ts');
    return await composeFog(options, { clock: host.clock, logger }, host.interrupts.asked);
  } catch (error) {
    if (!isFogError(error, 'STORE_LOCKED')) throw error;
    const holder = await readEndpoint(options.dataDir);
    const who = holder === undefined ? '' : ` (process ${holder.pid}, ${holder.url})`;
    throw fail('FOG_ALREADY_UP', {
      message: `A fog already runs on ${options.dataDir}${who}. Use it, stop it, or give this one another --data-dir and --port.`,
      details: { dataDir: options.dataDir },
      cause: error,
    });
  }
}

async function present(fog: RunningFog, dataDir: string, host: Host, json: boolean): Promise<void> {
  const { url, address, joinAddress, fogId, places } = fog;
  const code = await fog.invite();
  const services = fog.services.statuses();
  const line = { self: host.self, url: joinAddress, code, now: host.clock.now() };
  if (json) {
    const document = {
      url,
      address,
      fogId,
      version: FOG_VERSION,
      pid: process.pid,
      dataDir,
      places,
    };
    const files = { endpointFile: endpointFile(dataDir), tokenFile: operatorTokenFile(dataDir) };
    const join = { ...code, line: joinLine(line) };
    await host.stdout.write(`${JSON.stringify({ ...document, ...files, join, services })}\n`);
    return;
  }
  await host.stdout.write(
    `fog ${FOG_VERSION} is up at ${address}\n\n${servicesTable(services)}\n` +
      `data   ${dataDir}\n${placesText(places, dataDir)}token  ${operatorTokenFile(dataDir)} (commands on this machine find it)\n\n` +
      `Join from another ${address === url ? 'terminal' : 'machine'} with\n\n${joinText(line)}\n`,
  );
  if (fog.sandboxNote !== undefined) await say(host, fog.sandboxNote);
  await sayNext(host, `${host.self} run FILE`, `${host.self} nodes`, 'Ctrl-C stops this fog');
}

/** Only what is not in the data directory. */
function placesText({ store, blobs }: RunningFog['places'], dataDir: string): string {
  const lines = [`store  ${store}\n`, `blobs  ${blobs}\n`];
  return lines.filter((line) => !line.includes(dataDir)).join('');
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
