import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '@fog/kernel';
import { createLazyService, neverWorseThanDegraded } from '../../src/mix/lazy-service.ts';

const live = new AbortController().signal;

describe('a lazy service', () => {
  it('is made for each start, and stopped with it', async () => {
    const log: string[] = [];
    const part = (number: number): Service => ({
      name: 'part',
      start: async () => void log.push(`+${number}`),
      stop: async () => void log.push(`-${number}`),
      health: async () => ({ state: 'unhealthy', detail: 'it waits' }),
    });
    let made = 0;
    const service = createLazyService({
      name: 'part-1',
      make: async () => part((made += 1)),
      judge: neverWorseThanDegraded,
    });
    assert.equal((await service.health(live)).state, 'unhealthy');
    await service.start(live);
    assert.deepEqual(await service.health(live), { state: 'degraded', detail: 'it waits' });
    await service.stop();
    await service.stop();
    await service.start(live);
    await service.stop();
    assert.deepEqual(log, ['+1', '-1', '+2', '-2']);
  });
});
