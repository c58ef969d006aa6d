/** A relay in a process of its own, as `fog up --role relay` runs it, with a directory that never changes. */
import { identityFromSeed, type RandomFill, chacha20 } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  createPeelPool,
  createRelay,
  epochAt,
  MAX_SLOTS,
  type MixMetrics,
  type RelayDescriptor,
} from '@fog/mixnet';
import { MemberDirectory } from './member-directory.ts';
import type { RelayReady, RelayRequest } from './messages.ts';

/** One epoch lasts longer than any run. */
const EPOCH_MS = 24 * 3_600_000;
const SEED = new Uint8Array(32).fill(77);
const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };

/** The same keys in every run, so that headers built once serve each fresh relay. */
function seeded(): RandomFill {
  const nonce = new Uint8Array(8);
  const counter = new DataView(nonce.buffer);
  let calls = 0;
  return (bytes) => {
    calls += 1;
    counter.setUint32(0, calls);
    chacha20(bytes, new Uint8Array(bytes.length), nonce, SEED);
  };
}

async function start({ dataDir, workers, members }: RelayRequest): Promise<void> {
  const signal = new AbortController().signal;
  const deps = { clock: systemClock, logger: silentLogger, metrics: noMetrics };
  const pool = createPeelPool({ workers, maxSlots: MAX_SLOTS }, deps);
  await pool.start(signal);
  let describe: (descriptor: RelayDescriptor) => void = () => {};
  const described = new Promise<RelayDescriptor>((resolve) => {
    describe = resolve;
  });
  const relay = createRelay(
    {
      network: { name: 'bench', epochMs: EPOCH_MS, threshold: 1, authorities: [] },
      identity: identityFromSeed(SEED),
      dataDir,
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
      random: seeded(),
      directory: new MemberDirectory(members, EPOCH_MS),
      signDescriptor: (descriptor) => {
        describe(descriptor);
        return new Uint8Array(0);
      },
    },
  );
  await relay.start(signal);
  const { id, linkKey, mixKeys } = await described;
  const key = mixKeys.find(({ epoch }) => epoch === epochAt(EPOCH_MS, Date.now()));
  if (key === undefined) throw new Error('no mix key of this epoch');
  const port = relay.address?.port ?? 0;
  const ready: RelayReady = { id, linkKey, port, epoch: key.epoch, mixKey: key.key };
  process.on('message', () => {
    process.send?.(relay.status());
  });
  process.send?.(ready);
}

process.once('message', (request: RelayRequest) => {
  start(request).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(0));
