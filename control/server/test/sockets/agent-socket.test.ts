import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { VirtualClock, waitFor } from '@fog/testkit';
import { AGENT_PROTOCOL, MAX_AGENT_FRAME_BYTES } from '@fog/wire';
import { outcomeOf, RawAgent } from '../agent-fixture.ts';
import { bearer, type FogFixture, override, rawCall, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
before(async () => {
  fog = await startFog();
});
after(() => fog[Symbol.asyncDispose]());

const newCode = async (): Promise<string> => (await fog.client.createJoinCode()).code;

describe('the handshake of an agent', () => {
  it('enrols with a code once, and needs none afterwards', async () => {
    using first = new RawAgent(fog.api.url);
    const welcome = await first.join(await newCode());
    assert.equal(welcome.nodeId, first.identity.id);
    assert.equal(welcome.owner, 'operator');
    assert.equal(welcome.heartbeatMs, 15_000);
    assert.equal(welcome.leasedHeartbeatMs, 10_000);
    first.socket.terminate();
    using again = new RawAgent(fog.api.url, first.identity);
    assert.equal((await again.join()).nodeId, first.identity.id);
    const { nodes } = { nodes: await fog.client.nodes() };
    assert.ok(nodes.some((node) => node.id === first.identity.id));
    assert.deepEqual(await fog.other.client.nodes(), []);
  });

  const refusals: [string, (agent: RawAgent) => Promise<object>, string, boolean][] = [
    ['no code', async () => ({}), 'AGENT_NOT_ENROLLED', true],
    ['a wrong code', async () => ({ joinCode: 'fog_jc_wrong' }), 'JOIN_CODE_UNKNOWN', true],
    ['another protocol', async () => ({ protocol: 99, news: 1 }), 'AGENT_PROTOCOL', true],
    ['a field that is not its', async () => ({ nodeId: 'x' }), 'WIRE_INVALID', true],
    [
      'the signature of another key',
      async (agent) => ({
        nodeKey: Buffer.from(identityFromSeed(new Uint8Array(32)).publicKey).toString('base64'),
        joinCode: await newCode(),
        name: agent.identity.id,
      }),
      'AGENT_PROOF',
      true,
    ],
    ['a key of no length', async () => ({ nodeKey: '', signature: '' }), 'AGENT_PROOF', true],
  ];
  for (const [what, changes, code, final] of refusals) {
    it(`refuses ${what} with a reason`, async () => {
      using agent = new RawAgent(fog.api.url);
      const challenge = await agent.next('challenge');
      agent.send({ ...agent.hello(challenge), ...(await changes(agent)) });
      const refused = await agent.next('refused');
      assert.equal(refused.code, code);
      assert.equal(refused.final, final);
      assert.equal(await agent.closed(), 1008);
    });
  }

  it('refuses a proof that was made for an earlier challenge', async () => {
    using first = new RawAgent(fog.api.url);
    const hello = first.hello(await first.next('challenge'), { joinCode: await newCode() });
    using replay = new RawAgent(fog.api.url);
    await replay.next('challenge');
    replay.send(hello as Record<string, unknown>);
    assert.equal((await replay.next('refused')).code, 'AGENT_PROOF');
  });

  it('is for as many agents at once as the coordinator can watch', async () => {
    await using own = await startFog();
    using stack = new DisposableStack();
    const agents = Array.from({ length: 256 }, () => stack.use(new RawAgent(own.api.url)));
    await Promise.all(agents.map((agent) => agent.next('challenge')));
    const late = stack.use(new RawAgent(own.api.url));
    const [, answer] = await once(late.socket, 'unexpected-response');
    assert.equal(answer.statusCode, 503);
    agents[0]?.socket.terminate();
    await waitFor('a place is free', () => own.api.agentCounters.refused === 1);
    using next = new RawAgent(own.api.url);
    await next.next('challenge');
  });

  it('names both protocol versions', async () => {
    using agent = new RawAgent(fog.api.url);
    agent.send({ ...agent.hello(await agent.next('challenge')), protocol: 7 });
    const { message } = await agent.next('refused');
    assert.match(message, new RegExp(`protocol 7, this fog ${AGENT_PROTOCOL}`));
  });

  it('refuses what is no message at all, and silence after ten seconds', async () => {
    using garbage = new RawAgent(fog.api.url);
    await garbage.next('challenge');
    garbage.socket.send('garbage');
    assert.equal((await garbage.next('refused')).code, 'WIRE_INVALID');
    const clock = new VirtualClock();
    await using own = await startFog({ clock });
    using silent = new RawAgent(own.api.url);
    await silent.next('challenge');
    clock.advance(10_000);
    assert.equal((await silent.next('refused')).code, 'AGENT_PROOF');
    assert.equal(own.api.agentCounters.refused, 1);
  });
});

describe('a session of an agent', () => {
  it('carries work, results and their acknowledgement', async () => {
    await using own = await startFog();
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    const { content } = await own.client.uploadBlob(new Uint8Array([0]));
    const spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm' } as const;
    const job = await own.client.submit(spec);
    const { leases } = await agent.next('work');
    assert.equal(leases[0]?.job, job.id);
    const token = leases[0]?.token ?? 0;
    const ended = own.client.job(job.id, { waitMs: 30_000 });
    agent.sendResult(token, outcomeOf('done\n'));
    assert.deepEqual((await agent.next('ack')).tokens, [token]);
    assert.equal((await ended).state, 'settled');
    const stdout = await own.client.readStream(job.id, 0, 'stdout', { offset: 2 });
    assert.equal(await textOf(stdout), 'ne\n');
  });

  it('gives a token for HTTP that serves its leases only and ends with it', async () => {
    await using own = await startFog();
    using agent = new RawAgent(own.api.url);
    const { httpToken } = await agent.join((await own.client.createJoinCode()).code);
    const headers = bearer(httpToken);
    const get = (path: string): ReturnType<typeof rawCall> =>
      rawCall(own.api.url, path, { headers });
    const module = new TextEncoder().encode('module bytes');
    const { content } = await own.client.uploadBlob(module);
    const foreign = await own.client.uploadBlob(new TextEncoder().encode('not leased'));
    const job = await own.client.submit({ runtime: 'wasm', module: content, moduleName: 'a.wasm' });
    const token = (await agent.next('work')).leases[0]?.token ?? 0;

    assert.equal(JSON.parse((await get(`/api/v1/agent/jobs/${job.id}`)).body).module, content);
    assert.equal((await get(`/api/v1/agent/blobs/${content}`)).body, 'module bytes');
    assert.equal((await get(`/api/v1/agent/blobs/${foreign.content}`)).status, 404);
    assert.equal((await get(`/api/v1/jobs/${job.id}`)).status, 401);

    const bytes = { ...headers, 'content-type': 'application/octet-stream' };
    const upload = (lease: number, body: string): ReturnType<typeof rawCall> =>
      rawCall(own.api.url, `/api/v1/agent/blobs?token=${lease}`, {
        method: 'POST',
        headers: bytes,
        body,
      });
    assert.equal(JSON.parse((await upload(token + 1, 'x')).body).code, 'SERVER_NO_LEASE');
    const sent = JSON.parse((await upload(token, 'large output')).body);
    const output = { sizeBytes: sent.sizeBytes, content: sent.content };
    const outcome = outcomeOf('', {
      stdout: output,
      files: [{ path: '/out/a b.txt', bytes: output }],
    });
    agent.sendResult(token, outcome);
    await agent.next('ack');
    const { client } = own;
    assert.equal(
      await textOf(await client.readStream(job.id, 0, 'stdout', { offset: 6 })),
      'output',
    );
    assert.equal(await textOf(await client.readStream(job.id, 0, 'stdout', { offset: 99 })), '');
    assert.equal(await textOf(await client.readFile(job.id, 0, '/out/a b.txt')), 'large output');
    await assert.rejects(client.readFile(job.id, 0, 'nothing'), { code: 'SERVER_NO_OUTPUT' });

    agent.socket.terminate();
    await waitFor(
      'the token is void',
      async () => (await get('/api/v1/agent/jobs/x')).status === 401,
    );
  });

  it('ends on a message against the protocol, which is counted', async () => {
    await using own = await startFog();
    const { code } = await own.client.createJoinCode();
    const wrong: (string | Buffer)[] = [
      '{"type":"heartbeat","held":[-1]}',
      'garbage',
      '{"type":"hello"}',
      Buffer.from('{"type":"heartbeat","held":[]}'),
    ];
    for (const message of wrong) {
      using agent = new RawAgent(own.api.url);
      await agent.join(code);
      agent.socket.send(message);
      assert.equal((await agent.next('refused')).code, 'AGENT_FRAME');
      assert.equal(await agent.closed(), 1008);
    }
    using large = new RawAgent(own.api.url);
    await large.join(code);
    large.socket.send('x'.repeat(MAX_AGENT_FRAME_BYTES + 1));
    assert.equal(await large.closed(), 1009);
    assert.equal(own.api.agentCounters.malformed, wrong.length + 1);
  });

  it('gives way to a newer session of the same node', async () => {
    await using own = await startFog();
    using older = new RawAgent(own.api.url);
    const first = await older.join((await own.client.createJoinCode()).code);
    using newer = new RawAgent(own.api.url, older.identity);
    const second = await newer.join();
    assert.equal(await older.closed(), 1000);
    const get = (token: string): ReturnType<typeof rawCall> =>
      rawCall(own.api.url, '/api/v1/agent/jobs/jaaaaaaaaaaaa', { headers: bearer(token) });
    await waitFor('the old token is void', async () => (await get(first.httpToken)).status === 401);
    assert.notEqual((await get(second.httpToken)).status, 401);
  });

  it('is cut when the agent stops answering pings', async () => {
    const clock = new VirtualClock();
    await using own = await startFog({ clock });
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    agent.socket.pause();
    await clock.advanceAsync(45_000);
    await waitFor('it is cut', () => own.api.agentCounters.silent === 1);
  });

  it('is slowed down, not lost, when the agent sends too much', async () => {
    const clock = new VirtualClock();
    await using own = await startFog({ clock });
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    for (let index = 0; index < 6_000; index += 1) agent.send({ type: 'progress', tasks: [] });
    agent.send({ type: 'heartbeat', held: [] });
    await waitFor('it is slowed', () => own.api.agentCounters.slowed > 0);
    let isHeard = false;
    const heard = agent.next('heartbeat-ack').then(() => (isHeard = true));
    await waitFor('the last message', () => {
      clock.advance(100);
      return isHeard;
    });
    await heard;
    assert.equal(own.api.agentCounters.malformed, 0);
  });

  it('can begin anew when the coordinator was restarted', async () => {
    await using own = await startFog({
      coordinator: (real) => override(real, { restartable: true }),
    });
    using before = new RawAgent(own.api.url);
    await before.join((await own.client.createJoinCode()).code);
    await own.manager.restart('coordinator');
    await before.closed();
    using again = new RawAgent(own.api.url, before.identity);
    await again.join();
    const { content } = await own.client.uploadBlob(new Uint8Array([0]));
    await own.client.submit({ runtime: 'wasm', module: content, moduleName: 'a.wasm' });
    assert.equal((await again.next('work')).leases.length, 1);
  });

  it('ends when the API stops, and is told so', async () => {
    const own = await startFog();
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    await own[Symbol.asyncDispose]();
    assert.equal(await agent.closed(), 1001);
  });
});

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
