import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@fog/kernel';
import type { MixConsensusEvent } from '@fog/wire';
import { createMixnetApi } from '../../src/mix/mixnet-api.ts';

const deps = { clock: systemClock, reported: () => [] };

describe('the mixnet as the API sees it', () => {
  it('says that it is starting', async () => {
    const api = createMixnetApi(() => undefined, deps);
    const signal = new AbortController().signal;
    for (const call of [
      api.status(),
      api.consensus(),
      api.ping({ hops: 3, delayClass: 0 }, signal),
      api.bench({ seconds: 1, rate: 1, hops: 3, delayClass: 0 }, signal),
      api.path('public'),
      api.audit(),
    ]) {
      await assert.rejects(call, { code: 'FOG_MIX_PART_DOWN', message: /starting/ });
    }
  });

  it('tells listeners of a new consensus until they end', () => {
    const api = createMixnetApi(() => undefined, deps);
    const heard: MixConsensusEvent[] = [];
    const end = api.onConsensus((event) => heard.push(event));
    const opened = {
      consensus: { network: 'test', epoch: 7, revision: 1, relays: [] },
      hash: new Uint8Array([0xab]),
      signers: ['a', 'b'],
    };
    api.tell(opened as never);
    end();
    api.tell(opened as never);
    assert.deepEqual(heard, [
      { network: 'test', epoch: 7, revision: 1, hash: 'ab', signers: 2, relays: 0 },
    ]);
  });
});
