import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { LeaseTable, onBothClocks } from '../src/work/lease-table.ts';
import { JOB, OWNER } from './fake-coordinator.ts';

const LEASE = { token: 1, job: JOB, index: 0, attempt: 1, leaseMs: 30_000 };

test('an answer that took long renews from the moment it was asked for', () => {
  const clock = new VirtualClock();
  const leases = new LeaseTable(clock);
  leases.add(LEASE, OWNER);
  clock.advance(10_000);
  const told = onBothClocks(clock);
  clock.advance(25_000);
  leases.renew(30_000, told);
  clock.advance(4_999);
  assert.deepEqual(leases.expired(), []);
  clock.advance(1);
  assert.deepEqual(leases.expired(), [1]);
});

test('an answer that waited while the machine slept renews nothing', () => {
  const clock = new VirtualClock();
  const leases = new LeaseTable(clock);
  leases.add(LEASE, OWNER);
  const told = onBothClocks(clock);
  clock.jump(31_000);
  leases.renew(30_000, told);
  assert.deepEqual(leases.expired(), [1]);
});

test('leases that came after the fog was told of the others are not renewed with them', () => {
  const clock = new VirtualClock();
  const leases = new LeaseTable(clock);
  const told = onBothClocks(clock);
  clock.advance(1);
  leases.add(LEASE, OWNER);
  leases.renew(90_000, told);
  clock.advance(30_000);
  assert.deepEqual(leases.expired(), [1]);
});
