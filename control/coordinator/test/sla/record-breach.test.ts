import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { openStore, type Store } from '@fog/store';
import { tempDir, VirtualClock } from '@fog/testkit';
import { createCoordinator } from '../../src/index.ts';
import { MODULE, OWNER, spec } from '../fixture.ts';

test('a thousand breaches of one moment are stored as one batch', async () => {
  await using dir = await tempDir();
  const batches: number[] = [];
  const opened = await openStore({ dir: dir.path });
  const store: Store = {
    ...opened,
    insertRows: (trx, insert) => {
      if (insert.table === 'sla_breach' && insert.rows.length > 0) batches.push(insert.rows.length);
      return opened.insertRows(trx, insert);
    },
  };
  const clock = new VirtualClock();
  const coordinator = createCoordinator({}, { store, clock, logger: silentLogger, fogId: 'fog' });
  await coordinator.start(AbortSignal.timeout(10_000));
  await coordinator.addReference(OWNER, MODULE, 8);
  const jobs = Array.from({ length: 1_000 }, (_, at) =>
    coordinator.submit(OWNER, spec({ tier: 'bronze', args: [String(at)] })),
  );
  const [first] = await Promise.all(jobs);
  clock.advance(3_000);
  await coordinator.sla({ account: OWNER, role: 'operator' });
  assert.deepEqual(batches, [1_000]);
  // Found again when it is given up: worse, and recorded when it was found first.
  clock.advance(3_000);
  await coordinator.cancel(OWNER, first?.id ?? '');
  assert.deepEqual(batches, [1_000, 1]);
  const rows = await store.db.selectFrom('sla_breach').selectAll().execute();
  const found = rows.find(({ job }) => job === first?.id);
  assert.deepEqual([rows.length, found?.value], [1_000, 6_000]);
  assert.equal(found?.time, rows.find(({ job }) => job !== first?.id)?.time);
  await coordinator.stop();
  await store.close();
});
