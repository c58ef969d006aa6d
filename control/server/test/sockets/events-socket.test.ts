import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { JobListener } from '@fog/coordinator';
import { waitFor } from '@fog/testkit';
import type { JobEvent } from '@fog/wire';
import { outcomeOf, RawAgent } from '../agent-fixture.ts';
import { Reader } from '../events-reader.ts';
import { type FogFixture, override, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
before(async () => {
  fog = await startFog();
});
after(() => fog[Symbol.asyncDispose]());

async function submit(target: FogFixture, client = target.client): Promise<string> {
  const { content } = await client.uploadBlob(new Uint8Array([0]));
  const job = await client.submit({ runtime: 'wasm', module: content, moduleName: 'a.wasm' });
  return job.id;
}

describe('topics', () => {
  it('show each account its own jobs only', async () => {
    using mine = new Reader(fog.api.url, fog.token);
    using theirs = new Reader(fog.api.url, fog.other.token);
    for (const reader of [mine, theirs]) {
      await reader.ask({ type: 'subscribe', topic: 'jobs' });
      await reader.seen('subscribed');
    }
    const own = await submit(fog);
    const foreign = await submit(fog, fog.other.client);
    await mine.seen('job-event');
    await theirs.seen('job-event');
    const jobsOf = (reader: Reader): Set<string> =>
      new Set(reader.messages.flatMap((each) => (each.type === 'job-event' ? each.event.job : [])));
    assert.deepEqual([...jobsOf(mine)], [own]);
    assert.deepEqual([...jobsOf(theirs)], [foreign]);
  });

  it('show nodes to their owner and to operators', async () => {
    using operator = new Reader(fog.api.url, fog.token);
    using theirs = new Reader(fog.api.url, fog.other.token);
    for (const reader of [operator, theirs]) {
      await reader.ask({ type: 'subscribe', topic: 'nodes' });
      await reader.seen('subscribed');
    }
    using own = new RawAgent(fog.api.url);
    await own.join((await fog.client.createJoinCode()).code);
    using foreign = new RawAgent(fog.api.url);
    await foreign.join((await fog.other.client.createJoinCode()).code);
    const ids = (reader: Reader): Set<string> =>
      new Set(reader.messages.flatMap((each) => (each.type === 'node' ? each.node.id : [])));
    await waitFor('both nodes', () => ids(operator).size === 2);
    await waitFor('their node', () => ids(theirs).size === 1);
    assert.deepEqual([...ids(theirs)], [foreign.identity.id]);
  });

  it('show changes of services', async () => {
    await using own = await startFog();
    using reader = new Reader(own.api.url, own.token);
    await reader.ask({ type: 'subscribe', topic: 'services' });
    await reader.seen('subscribed');
    await own.manager.restart('extra');
    const states = (await reader.seen('service', 3)).map((each) =>
      each.type === 'service' ? `${each.service.name} ${each.service.state}` : '',
    );
    assert.deepEqual(states, ['extra stopped', 'extra starting', 'extra running']);
  });
});

describe('requests that cannot be served', () => {
  it('are answered with an error, and the socket stays', async () => {
    using reader = new Reader(fog.api.url, fog.other.token);
    await reader.ask({ type: 'dance' });
    await reader.ask({ type: 'follow', job: await submit(fog) });
    const errors = await reader.seen('error', 2);
    const codes = errors.map((each) => (each.type === 'error' ? each.code : ''));
    assert.deepEqual(codes, ['WIRE_INVALID', 'COORDINATOR_NO_JOB']);
    await reader.ask({ type: 'subscribe', topic: 'jobs' });
    await reader.seen('subscribed');
  });

  it('are refused beyond the jobs one socket may follow', async () => {
    await using own = await startFog({
      coordinator: (real) => override(real, { follow: async () => () => {} }),
    });
    using reader = new Reader(own.api.url, own.token);
    for (let index = 0; index <= 64; index += 1) {
      const suffix = `${'abcdefgh'[index % 8]}${'abcdefghi'[Math.floor(index / 8)]}`;
      await reader.ask({ type: 'follow', job: `jaaaaaaaaaa${suffix}` });
    }
    const [error] = await reader.seen('error');
    assert.equal(error?.type === 'error' && error.code, 'SERVER_BUSY');
  });

  it('are bounded for each socket', async () => {
    using reader = new Reader(fog.api.url, fog.token);
    const closed = once(reader.socket, 'close');
    for (let index = 0; index <= 256; index += 1) await reader.ask({ type: 'dance' });
    assert.equal((await closed)[0], 1008);
  });
});

describe('a revoked token', () => {
  it('ends the sockets it opened', async () => {
    const token = await fog.credentials.issueToken('operator', 'short');
    using reader = new Reader(fog.api.url, token);
    await reader.ask({ type: 'subscribe', topic: 'jobs' });
    await reader.seen('subscribed');
    const closed = once(reader.socket, 'close');
    await fog.credentials.revoke(token);
    await closed;
  });
});

describe('a reader that is too slow', () => {
  it('loses messages, is told how many, and costs no memory', async () => {
    const listeners: JobListener[] = [];
    await using own = await startFog({
      coordinator: (real) =>
        override(real, {
          follow: async (_account, _job, listener) => {
            listeners.push(listener);
            return () => {};
          },
        }),
    });
    using reader = new Reader(own.api.url, own.token);
    const job = 'jaaaaaaaaaaaa';
    await reader.ask({ type: 'follow', job });
    await waitFor('the follower', () => listeners.length === 1);
    reader.socket.pause();
    const data = 'A'.repeat(64 * 1024);
    const total = 1_000;
    for (let index = 0; index < total; index += 1) {
      listeners[0]?.output({ index: 0, attempt: 1, stream: 'stdout', offset: 0, data });
    }
    reader.socket.resume();
    await reader.seen('lagged');
    const event: JobEvent = { seq: 1, job, time: 1, type: 'settled' };
    listeners[0]?.event(event);
    await reader.seen('job-event');
    const dropped = reader.messages.reduce(
      (sum, each) => sum + (each.type === 'lagged' ? each.dropped : 0),
      0,
    );
    const arrived = reader.messages.filter((each) => each.type === 'output').length;
    assert.equal(dropped + arrived, total);
    assert.ok(dropped > 0);
  });
});

describe('the client that follows a job', () => {
  it('sees events and live output, and ends when it is told to', async () => {
    await using own = await startFog();
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    const job = await submit(own);
    const { leases } = await agent.next('work');
    const token = leases[0]?.token ?? 0;
    const stop = new AbortController();
    const data = Buffer.from('live').toString('base64');
    agent.send({ type: 'output', token, stream: 'stdout', offset: 0, data });
    const texts: string[] = [];
    for await (const message of own.client.follow(job, { signal: stop.signal })) {
      if (message.type === 'output') {
        texts.push(Buffer.from(message.data, 'base64').toString());
        agent.sendResult(token, outcomeOf('live'));
      }
      if (message.type === 'job-event' && message.event.type === 'settled') stop.abort();
    }
    assert.deepEqual(texts, ['live']);
  });

  it('is told why it may not, and ends when the fog does', async () => {
    const own = await startFog();
    const { signal } = new AbortController();
    const { createClient } = await import('@fog/server/client');
    const stranger = createClient({ url: own.api.url, token: 'fog_sk_wrong' });
    const refused = stranger.follow('jaaaaaaaaaaaa', { signal })[Symbol.asyncIterator]();
    await assert.rejects(refused.next(), { code: 'CLIENT_UNAUTHORISED' });
    const stream = own.client.follow('jaaaaaaaaaaaa', { signal })[Symbol.asyncIterator]();
    const first = await stream.next();
    assert.equal(first.done === false && first.value.type, 'error');
    const end = stream.next();
    await own[Symbol.asyncDispose]();
    assert.equal((await end).done, true);
    const late = own.client.follow('jaaaaaaaaaaaa', { signal })[Symbol.asyncIterator]();
    await assert.rejects(late.next(), { code: 'CLIENT_UNREACHABLE' });
  });
});
