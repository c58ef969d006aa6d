import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitFor } from '@fog/testkit';
import type { EventsMessage } from '@fog/wire';
import { Reader } from '../events-reader.ts';
import { type FogFixture, startFog } from '../fog-fixture.ts';

async function submit({ client }: FogFixture): Promise<string> {
  const { content } = await client.uploadBlob(new Uint8Array([0]));
  const job = await client.submit({ runtime: 'wasm', module: content, moduleName: 'a.wasm' });
  return job.id;
}

function seqs(messages: readonly EventsMessage[]): number[] {
  return messages.flatMap((each) => (each.type === 'job-event' ? each.event.seq : []));
}

/** What the store has of the account's jobs, after an event. */
async function stored(fog: FogFixture, after: number): Promise<number[]> {
  const events = await fog.coordinator.accountEvents('operator', { after, limit: 1000 });
  return events.map(({ seq }) => seq);
}

describe('events since one that is known', () => {
  it('come first on the topic of jobs, then what happens, none twice', async () => {
    await using fog = await startFog();
    for (let n = 0; n < 150; n += 1) await submit(fog);
    const after = (await stored(fog, 0))[1] ?? 0;
    using reader = new Reader(fog.api.url, fog.token);
    await reader.ask({ type: 'subscribe', topic: 'jobs', after });
    const last = await submit(fog);
    await fog.client.cancel(last);
    const all = await stored(fog, after);
    assert.ok(all.length > 200);
    await waitFor('the last event', () => seqs(reader.messages).includes(all.at(-1) ?? 0));
    await submit(fog);
    const now = await stored(fog, after);
    await waitFor('what happens now', () => seqs(reader.messages).includes(now.at(-1) ?? 0));
    assert.deepEqual(seqs(reader.messages), now);
  });

  it('come first of a job that is followed', async () => {
    await using fog = await startFog();
    const job = await submit(fog);
    const [first] = await fog.client.events(job);
    using reader = new Reader(fog.api.url, fog.token);
    await reader.ask({ type: 'follow', job, after: first?.seq });
    await reader.seen('job-event');
    await fog.client.cancel(job);
    const all = (await fog.client.events(job, { after: first?.seq ?? 0 })).map(({ seq }) => seq);
    await waitFor('the end', () => seqs(reader.messages).length >= all.length);
    assert.deepEqual(seqs(reader.messages), all);
  });

  it('are asked for by the client itself when the connection was lost', async () => {
    await using fog = await startFog();
    const job = await submit(fog);
    const stop = new AbortController();
    const heard: EventsMessage[] = [];
    const following = (async () => {
      for await (const message of fog.client.follow(job, { signal: stop.signal, after: 0 })) {
        heard.push(message);
      }
    })();
    await waitFor('the first events', () => heard.length >= 2);
    await fog.manager.restart('coordinator');
    await waitFor('the fog', () =>
      fog.client.cancel(job).then(
        () => true,
        () => false,
      ),
    );
    const isEnd = (each: EventsMessage): boolean =>
      each.type === 'job-event' && each.event.type === 'cancelled';
    await waitFor('the end', () => heard.some(isEnd));
    stop.abort();
    await following;
    assert.deepEqual(
      seqs(heard),
      (await fog.client.events(job)).map(({ seq }) => seq),
    );
  });

  it('are given up when the fog does not come back in time', async () => {
    const fog = await startFog();
    const job = await submit(fog);
    const { signal } = new AbortController();
    const patient = fog.client.follow(job, { signal, after: 0, patienceMs: 1 });
    const hasty = fog.client.follow(job, { signal, after: 0, patienceMs: 0 });
    const heard = new Set<AsyncIterable<EventsMessage>>();
    const read = async (source: AsyncIterable<EventsMessage>): Promise<void> => {
      for await (const _message of source) heard.add(source);
    };
    const gaveUp = assert.rejects(read(patient), { code: 'CLIENT_UNREACHABLE' });
    const ended = read(hasty);
    await waitFor('both readers', () => heard.size === 2);
    await fog[Symbol.asyncDispose]();
    await gaveUp;
    await ended;
  });
});
