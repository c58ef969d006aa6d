import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogError } from '@fog/kernel';
import type { MixnetApi } from '@fog/server';
import type { EventsMessage, MixConsensusEvent } from '@fog/wire';
import { WebSocket } from 'ws';
import { bearer, rawCall, startFog } from '../fog-fixture.ts';

const RELAY = 'a'.repeat(26);

/** Answers of fixed content: what the mixnet does is tested where it lives. */
function fixedMixnet(): { mixnet: MixnetApi; listeners: Set<(event: MixConsensusEvent) => void> } {
  const listeners = new Set<(event: MixConsensusEvent) => void>();
  const mixnet: MixnetApi = {
    status: async () => ({
      network: 'test',
      time: 1,
      relays: [],
      authorities: [],
      own: [],
      notes: [],
    }),
    consensus: async () => {
      const kind = { kind: 'unavailable', message: 'There is no usable consensus.' } as const;
      throw new FogError('MIXNET_NO_CONSENSUS', { ...kind, retryable: true });
    },
    ping: async ({ hops, delayClass }) => ({
      rttMs: 1.5,
      hops: Array.from({ length: hops }, () => ({ relay: RELAY, delayClass })),
    }),
    bench: async (call) => ({
      ...call,
      sent: 100,
      unsent: 0,
      behindMs: 0,
      delivered: 100,
      late: 0,
      lost: 0,
      loopsPerSecond: 20,
      packetsPerSecond: 60,
      owedMeanMs: 0,
      machine: { cpu: 'x', cores: 2, loadAverage: 0, node: '24' },
    }),
    path: async (level) => ({ level, hops: [{ relay: RELAY, delayClass: 1 }] }),
    audit: async () => ({ time: 1, open: 0, epochMs: 1_200_000, relays: [] }),
    onConsensus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { mixnet, listeners };
}

describe('routes of the mixnet', () => {
  it('answer through the typed client', async () => {
    await using fog = await startFog({ mixnet: fixedMixnet().mixnet });
    const { client } = fog;
    assert.equal((await client.mixStatus()).network, 'test');
    assert.equal((await client.mixPing({})).hops.length, 3);
    const { hops } = await client.mixPing({ hops: 7, delayClass: 2 });
    assert.deepEqual(new Set(hops.map(({ delayClass }) => delayClass)), new Set([2]));
    const bench = await client.mixBench({ rate: 7 });
    assert.deepEqual([bench.seconds, bench.rate, bench.hops], [5, 7, 3]);
    assert.equal((await client.mixPath('secret')).level, 'secret');
    assert.deepEqual((await client.mixAudit()).relays, []);
    await assert.rejects(client.mixConsensus(), { code: 'MIXNET_NO_CONSENSUS' });
  });

  it('refuse what is out of bounds by name', async () => {
    await using fog = await startFog({ mixnet: fixedMixnet().mixnet });
    for (const hops of [0, 8, 2.5]) {
      await assert.rejects(fog.client.mixPing({ hops }), { code: 'WIRE_INVALID', message: /hops/ });
    }
    await assert.rejects(fog.client.mixPing({ delayClass: 5 }), { message: /delayClass/ });
    for (const [field, value] of [
      ['seconds', 61],
      ['seconds', 0],
      ['rate', 201],
      ['hops', 8],
    ] as const) {
      const call = fog.client.mixBench({ [field]: value });
      await assert.rejects(call, { code: 'WIRE_INVALID', message: new RegExp(field) });
    }
    const headers = bearer(fog.token);
    const path = await rawCall(fog.api.url, '/api/v1/mixnet/path?level=total', { headers });
    assert.equal(path.status, 400);
    assert.match(path.body, /level/);
  });

  it('say that there is none', async () => {
    await using fog = await startFog();
    for (const call of [
      fog.client.mixStatus(),
      fog.client.mixPing({}),
      fog.client.mixBench({}),
      fog.client.mixConsensus(),
      fog.client.mixPath('public'),
      fog.client.mixAudit(),
    ]) {
      await assert.rejects(call, { code: 'SERVER_NO_MIXNET', kind: 'unavailable' });
    }
  });
});

describe('the topic mixnet', () => {
  it('tells of each new consensus', async () => {
    const { mixnet, listeners } = fixedMixnet();
    await using fog = await startFog({ mixnet });
    const url = fog.api.url.replace('http', 'ws');
    const socket = new WebSocket(`${url}/api/v1/events`, { headers: bearer(fog.token) });
    const messages: EventsMessage[] = [];
    const second = Promise.withResolvers<void>();
    const event = {
      network: 'test',
      epoch: 4,
      revision: 1,
      hash: 'ab'.repeat(32),
      signers: 3,
      relays: 9,
    };
    socket.on('message', (data: Buffer) => {
      messages.push(JSON.parse(data.toString('utf8')) as EventsMessage);
      if (messages.length === 2) return second.resolve();
      for (const listener of listeners) listener(event);
    });
    socket.once('open', () => socket.send('{"type":"subscribe","topic":"mixnet"}'));
    await second.promise;
    assert.deepEqual(messages[1], { type: 'mixnet', consensus: event });
    socket.terminate();
  });
});
