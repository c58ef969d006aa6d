/** Coordinators on one PostgreSQL, one Redis and one bucket, and workers of two owners: real processes, each with its place. */
import { mkdir, readFile } from 'node:fs/promises';
import { createCredentials } from '@fog/server';
import { createClient, type FogClient } from '@fog/server/client';
import { systemClock } from '@fog/kernel';
import { openStore, type Store } from '@fog/store';
import { tempDir, waitFor } from '@fog/testkit';
import {
  freePort,
  type PostgresServer,
  type RedisServer,
  startPostgres,
  startRedis,
  startS3,
} from '@fog/testkit/servers';
import { Member } from './member.ts';
import { type Relay, startRelay } from './relay.ts';
import { openSite, type Site } from './site.ts';

export interface FleetOptions {
  readonly coordinators: number;
  readonly workers: number;
  /** Leases and heartbeats as in the product, not shorter. */
  readonly realTimes: boolean;
  /** Results of fenced attempts are taken: what is then found shows that the checks find it. */
  readonly breakFencing: boolean;
}

export interface Coordinator {
  readonly member: Member;
  /** Its way to the database. */
  readonly database: Relay;
}

export interface Fleet extends AsyncDisposable {
  readonly site: Site;
  readonly coordinators: readonly Coordinator[];
  readonly workers: readonly Member[];
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  /** The harness's own look into the database. */
  readonly store: Store;
  /** Clients of each account; each prefers another coordinator. */
  readonly accounts: readonly (readonly FogClient[])[];
  /** The file each worker's recorder writes. */
  readonly runFiles: readonly { readonly worker: Member; readonly file: string }[];
  members(): readonly Member[];
}

const SECOND_OWNER = 'second';
/** Room for a Python interpreter's snapshot and a few outputs. */
const WORKER_DISK = '192m';
const COORDINATOR_DISK = '32m';
const SLOTS = '2';
const START_MS = 120_000;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const site = await openSite();
  const dir = stack.use(await tempDir());
  const dataDir = async (name: string, disk: string): Promise<string> => {
    const made = dir.file(name);
    await mkdir(made, { mode: 0o700 });
    if (site.canFill) stack.use(await site.mountDisk(made, disk));
    return made;
  };
  const postgres = stack.use(await startPostgres());
  const redis = stack.use(await startRedis());
  const s3 = stack.use(await startS3());
  const url = await postgres.createDatabase('fog');
  const bucket = stack.use(await startRelay(site.host, s3.port));
  const live = stack.use(await startRelay(site.host, redis.port));
  const times = options.realTimes ? [] : ['short-times'];
  const broken = options.breakFencing ? ['no-fencing'] : [];
  const at = (target: string, from: number, to: number): string =>
    target.replace(`127.0.0.1:${from}`, `${site.host}:${to}`);

  const coordinators: Coordinator[] = [];
  const addresses: string[] = [];
  const dirs: string[] = [];
  for (let index = 1; index <= options.coordinators; index += 1) {
    const name = `c${index}`;
    const place = await site.place(name);
    const database = stack.use(await startRelay(site.host, postgres.port));
    const home = await dataDir(name, COORDINATOR_DISK);
    const listen = `${place.host}:${await freePort()}`;
    const member = new Member({
      name,
      place,
      dataDir: home,
      args: ['up', '--role', 'coordinator', '--port', '0', '--listen', listen],
      env: {
        ...s3.env,
        XDG_DATA_HOME: dir.file('home'),
        FOG_STORE: at(url, postgres.port, database.port),
        FOG_LIVE: at(redis.url, redis.port, live.port),
        FOG_BLOBS: at(s3.url, s3.port, bucket.port),
      },
      hooks: [...times, ...broken, 'jumping-clock'],
      ready: /is up at (https:\S+)/,
    });
    stack.defer(() => member.end());
    const [, address = ''] = await member.start();
    coordinators.push({ member, database });
    addresses.push(address);
    dirs.push(home);
  }
  const store = await openStore({ url });
  stack.defer(() => store.close());
  const fog = joined(addresses);
  const tokens = [await operatorToken(dirs), await secondOwner(store)];
  const accounts = tokens.map((token) =>
    addresses.map((_, first) => createClient({ url: joined(rotated(addresses, first)), token })),
  );

  const workers: Member[] = [];
  const runFiles: { worker: Member; file: string }[] = [];
  for (let index = 1; index <= options.workers; index += 1) {
    const name = `w${index}`;
    const client = accounts[index % accounts.length]?.[0] as FogClient;
    const { code } = await client.createJoinCode();
    const file = dir.file(`${name}.runs`);
    const member = new Member({
      name,
      place: await site.place(name),
      dataDir: await dataDir(name, WORKER_DISK),
      args: ['join', fog, '--name', name, '--slots', SLOTS],
      env: { XDG_DATA_HOME: dir.file('home'), FOG_JOIN_TOKEN: code, FOG_NEMESIS_RUNS: file },
      hooks: ['run-recorder', 'jumping-clock'],
      ready: /this machine is node (\S+)/,
    });
    stack.defer(() => member.end());
    workers.push(member);
    runFiles.push({ worker: member, file });
  }
  await Promise.all(workers.map((worker) => worker.start()));
  const [first] = accounts[0] ?? [];
  await waitFor(
    'the workers to connect',
    async () => (await first?.status())?.nodes.online === options.workers,
    { deadlineMs: START_MS },
  );
  const owned = stack.move();
  return {
    site,
    coordinators,
    workers,
    postgres,
    redis,
    store,
    accounts,
    runFiles,
    members: () => [...coordinators.map(({ member }) => member), ...workers],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The operator's token lies with the coordinator that was first. */
async function operatorToken(dirs: readonly string[]): Promise<string> {
  return (await readFile(`${dirs[0]}/operator.token`, 'utf8')).trim();
}

async function secondOwner(store: Store): Promise<string> {
  const now = Date.now();
  await store.write(async (trx) => {
    const account = { id: SECOND_OWNER, name: SECOND_OWNER, role: 'user', created_at: now };
    await trx.insertInto('account').values(account).execute();
  });
  return createCredentials(store, systemClock).issueToken(SECOND_OWNER, 'nemesis');
}

function rotated<T>(items: readonly T[], by: number): T[] {
  return [...items.slice(by), ...items.slice(0, by)];
}

/** Of addresses with the same key: the key once, then the hosts. */
function joined(addresses: readonly string[]): string {
  const [first = '', ...rest] = addresses;
  return [first, ...rest.map((address) => address.replace(/^https:\/\/[^@]+@/, ''))].join(',');
}
