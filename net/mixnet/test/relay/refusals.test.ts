import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { randomFill } from '@fog/crypto';
import { isFogError, silentLogger, systemClock } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { createLaneKeys, KEY_TABLE_BYTES } from '../../src/relay/key-table.ts';
import { MAX_LANES } from '../../src/relay/limits.ts';
import { createPeelPool } from '../../src/relay/peel-pool.ts';
import { writeSecret } from '../../src/relay/secret-files.ts';
import { noMetrics } from './relay-world.ts';

const code =
  (wanted: string) =>
  (error: unknown): boolean =>
    isFogError(error, wanted);

test('a place that cannot be written is told with the remedy', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file('taken'), '');
  const nowhere = dir.file('taken', 'keys');
  await assert.rejects(writeSecret(nowhere, 'keys'), code('MIXNET_RELAY_FILE'));
});

test('a key is never written over one that was not erased', () => {
  const table = new SharedArrayBuffer(KEY_TABLE_BYTES);
  const keys = createLaneKeys(table, 0, () => {});
  keys.create(8, randomFill);
  assert.throws(() => keys.create(8, randomFill), code('MIXNET_KEY_PLACE'));
});

test('a start that is given up ends the threads and says so', async () => {
  const pool = createPeelPool(
    { workers: 1, maxSlots: 1024 },
    { clock: systemClock, logger: silentLogger, metrics: noMetrics },
  );
  await assert.rejects(pool.start(AbortSignal.abort()), code('MIXNET_PEEL_THREAD'));
  await pool.stop();
});

test('a pool serves a bounded number of relays, and a closed one makes room', () => {
  const pool = createPeelPool(
    { workers: 1, maxSlots: 1024 },
    { clock: systemClock, logger: silentLogger, metrics: noMetrics },
  );
  const open = () => pool.openLane({ queueLimit: 1, onPeeled: () => {} });
  const lanes = Array.from({ length: MAX_LANES }, open);
  assert.throws(open, code('MIXNET_LANES'));
  lanes[0]?.close();
  open().close();
});
