/** A relay in a process of its own, as `fog up --role relay` runs it, with a directory that is told its members. */
import { identityFromSeed, type RandomFill, chacha20 } from '@fog/crypto';
import { type Clock, silentLogger, systemClock } from '@fog/kernel';
import {
  createPeelPool,
  createRelay,
  epochAt,
  MAX_SLOTS,
  type MixMetrics,
  type PeelPool,
  type Relay,
  type RelayDescriptor,
} from '@fog/mixnet';
import { coreWaitMs } from './core-wait.ts';
import { MemberDirectory } from './member-directory.ts';
import type { RelayKey, RelayReady, RelayRequest, RelayState, StartRelay } from './messages.ts';

const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };

/** The same keys in every run, so that headers built once serve each fresh relay. */
function seeded(seed: Uint8Array): RandomFill {
  const nonce = new Uint8Array(8);
  const counter = new DataView(nonce.buffer);
  let calls = 0;
  return (bytes) => {
    calls += 1;
    counter.setUint32(0, calls);
    chacha20(bytes, new Uint8Array(bytes.length), nonce, seed);
  };
}

let nowMs = Date.now();
const clock: Clock = { ...systemClock, now: () => nowMs };
let next = Promise.withResolvers<RelayDescriptor>();
let running:
  | { readonly relay: Relay; readonly pool: PeelPool; readonly directory: MemberDirectory }
  | undefined;
let epochMs = 0;

async function start(request: StartRelay): Promise<RelayReady> {
  ({ epochMs } = request);
  const { signal } = new AbortController();
  const seed = new Uint8Array(32).fill(request.seed);
  const deps = { clock, logger: silentLogger, metrics: noMetrics };
  const pool = createPeelPool({ workers: request.workers, maxSlots: MAX_SLOTS }, deps);
  await pool.start(signal);
  const directory = new MemberDirectory(request.members, epochMs);
  const relay = createRelay(
    {
      network: { name: 'bench', epochMs, threshold: 1, authorities: [] },
      identity: identityFromSeed(seed),
      dataDir: request.dataDir,
      profile: 'standalone',
      listen: { host: '127.0.0.1', port: 0 },
      roles: ['mix'],
      family: '',
      region: '',
      software: 'bench',
      declaredRate: 25_000,
    },
    {
      ...deps,
      pool,
      random: seeded(seed),
      directory,
      signDescriptor: (descriptor) => {
        next.resolve(descriptor);
        return new Uint8Array(0);
      },
    },
  );
  await relay.start(signal);
  running = { relay, pool, directory };
  const { id, linkKey } = await next.promise;
  return { id, linkKey, port: relay.address?.port ?? 0, ...(await present()) };
}

async function present(): Promise<RelayKey> {
  const { mixKeys } = await next.promise;
  const key = mixKeys.find(({ epoch }) => epoch === epochAt(epochMs, nowMs));
  if (key === undefined) throw new Error('no mix key of this epoch');
  return { epoch: key.epoch, mixKey: key.key };
}

async function answer(request: RelayRequest): Promise<unknown> {
  if (request.kind === 'start') return start(request);
  if (running === undefined) throw new Error('start first');
  const { relay, pool, directory } = running;
  if (request.kind === 'members') directory.update(request.members);
  if (request.kind === 'turn') {
    next = Promise.withResolvers();
    nowMs += epochMs;
    return present();
  }
  const { slots } = pool.memory();
  const waitedMs = coreWaitMs();
  const state: RelayState = {
    ...relay.status(),
    slots,
    rssBytes: process.memoryUsage.rss(),
    ...(waitedMs === undefined ? {} : { coreWaitMs: waitedMs }),
  };
  return state;
}

process.on('message', (request: RelayRequest) => {
  answer(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
