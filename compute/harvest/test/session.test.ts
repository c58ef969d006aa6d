import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { arch, platform } from 'node:os';
import { test } from 'node:test';
import { type FogError, isFogError, silentLogger } from '@fog/kernel';
import { tempDir, VirtualClock } from '@fog/testkit';
import { CREDIT_PER_SLOT, FOG_VERSION } from '@fog/wire';
import { createAgent } from '../src/index.ts';
import { FakeCoordinator } from './fake-coordinator.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { identity, NEVER, rig, spoolFiles } from './harness.ts';
import { waitFor } from './until.ts';

const withCode = (code: string) => (error: unknown) => isFogError(error, code);

test('joins with a proof of its key, its measured capabilities and its credit', async () => {
  await using r = await rig({ agent: { joinCode: 'secret-code', slots: 3 } });
  const { hello } = r.coordinator.latest;
  assert.equal(hello?.joinCode, 'secret-code');
  assert.equal(hello.name, 'laptop');
  assert.equal(hello.credit, 3 * CREDIT_PER_SLOT);
  assert.deepEqual(hello.held, []);
  const { cores, memoryBytes, diskBytes = 0, gpus = -1, ...rest } = hello.capabilities;
  assert.ok(cores > 0 && memoryBytes > 2 ** 20 && diskBytes > 0 && gpus >= 0);
  assert.deepEqual(hello.profile, { type: 'compute', labels: {} });
  assert.deepEqual(rest, {
    platform: platform(),
    arch: arch(),
    slots: 3,
    sandboxLevel: 'os',
    runtimes: ['wasm', 'python'],
    version: FOG_VERSION,
  });
  assert.deepEqual(
    r.statuses.map((status) => status.state),
    ['connecting', 'connected'],
  );
  assert.equal((await r.agent.health(NEVER)).state, 'healthy');
  assert.equal(r.runtime.started, 1);
});

test('says what its owner says of the machine, and at once how busy it is', async () => {
  const coordinates = { latitude: 52.5, longitude: 13.4 };
  const profile = {
    type: 'edge_device',
    labels: { zone: 'a' },
    region: 'eu',
    coordinates,
  } as const;
  await using r = await rig({ agent: { profile } });
  const session = r.coordinator.latest;
  assert.deepEqual(session.hello?.profile, profile);
  session.send({ type: 'heartbeat-ack', leaseMs: 30_000, revoked: [], ping: 7 });
  const beat = await waitFor('a heartbeat', () => session.all('heartbeat')[0]);
  assert.ok((beat.load?.cpu ?? -1) >= 0 && (beat.load?.freeMemoryBytes ?? 0) > 0);
  assert.equal(beat.pong?.ping, 7);
});

test('the join code is sent once: after the welcome it is forgotten', async () => {
  await using r = await rig({ agent: { joinCode: 'secret-code' } });
  r.coordinator.latest.socket.terminate();
  assert.equal((await r.session(2)).hello?.joinCode, undefined);
});

test('a final refusal ends the start with what the fog said', async () => {
  await using r = await rig({
    coordinator: {
      answer: () => ({
        type: 'refused',
        code: 'USED_UP',
        message: 'the code is used up',
        final: true,
      }),
    },
    start: false,
  });
  await assert.rejects(r.agent.start(NEVER), (error: FogError) => {
    assert.equal(error.code, 'AGENT_REFUSED');
    assert.equal(error.message, 'the code is used up');
    assert.deepEqual(error.details, { code: 'USED_UP' });
    return true;
  });
  assert.equal(r.runtime.stopped, 1);
  assert.equal(r.statuses.at(-1)?.error?.code, 'AGENT_REFUSED');
  assert.equal(r.coordinator.sessions.length, 1);
  await assert.rejects(stat(r.dir.file('agent', 'known-fogs.json')), { code: 'ENOENT' });
});

test('a final refusal after the welcome stops the agent for good', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  const gone = {
    type: 'refused',
    code: 'GONE',
    message: 'this node was removed',
    final: true,
  } as const;
  r.coordinator.latest.send(gone);
  await waitFor('the end', () => r.runtime.stopped === 1);
  assert.equal(run.signal.aborted, true);
  assert.equal(r.statuses.at(-1)?.error?.message, 'this node was removed');
  assert.deepEqual(await r.agent.health(NEVER), {
    state: 'unhealthy',
    detail: 'this node was removed',
  });
});

test('a refusal that is not final is tried again', async () => {
  let refusals = 2;
  await using r = await rig({
    coordinator: {
      answer: () => {
        refusals -= 1;
        if (refusals < 0) return undefined;
        return { type: 'refused', code: 'BUSY', message: 'busy just now', final: false };
      },
    },
  });
  assert.equal(r.coordinator.sessions.length, 3);
  assert.match(r.statuses[1]?.detail ?? '', /busy just now; trying again/);
});

test('a first start gives up after some seconds without a fog, and says why', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock, start: false, agent: { url: 'http://127.0.0.1:1' } });
  const started = r.agent.start(NEVER);
  started.catch(() => {});
  await waitFor('an attempt', () => r.statuses.length === 2);
  clock.advance(5_000);
  await assert.rejects(started, (error: FogError) => {
    assert.equal(error.code, 'AGENT_UNREACHABLE');
    assert.match(error.message, /127\.0\.0\.1:1: nothing listens there\. Check the address/);
    return true;
  });
  assert.equal(r.runtime.stopped, 1);
});

test('another service at the address is named as such', async () => {
  const clock = new VirtualClock();
  const server = createServer((_request, answer) => answer.writeHead(404).end());
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using r = await rig({ clock, start: false, agent: { url: `http://127.0.0.1:${port}/` } });
  const started = r.agent.start(NEVER);
  started.catch(() => {});
  await waitFor('an attempt', () => r.statuses.length === 2);
  clock.advance(5_000);
  await assert.rejects(started, /no fog coordinator \(HTTP 404\)/);
  server.close();
});

test('a peer that accepts and says nothing does not hold the start', async () => {
  const clock = new VirtualClock();
  const server = createTcpServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using r = await rig({ clock, start: false, agent: { url: `http://127.0.0.1:${port}` } });
  const accepted = once(server, 'connection');
  const started = r.agent.start(NEVER);
  started.catch(() => {});
  await accepted;
  clock.advance(4_500);
  await waitFor('the attempt to fail', () => r.statuses.length === 2);
  clock.advance(500);
  await assert.rejects(started, /did not finish the handshake/);
  server.close();
});

test('an aborted start rejects and leaves nothing running', async () => {
  await using r = await rig({ start: false, agent: { url: 'http://127.0.0.1:1' } });
  const abort = new AbortController();
  const started = r.agent.start(abort.signal);
  await waitFor('an attempt', () => r.statuses.length >= 2);
  abort.abort();
  await assert.rejects(started, withCode('AGENT_STOPPED'));
  await using late = await rig({ start: false });
  await assert.rejects(late.agent.start(AbortSignal.abort()), withCode('AGENT_STOPPED'));
});

test('another protocol version is final and names both', async () => {
  await using r = await rig({ coordinator: { protocol: 2 }, start: false });
  await assert.rejects(r.agent.start(NEVER), (error: FogError) => {
    assert.equal(error.code, 'AGENT_PROTOCOL');
    assert.match(error.message, /speaks agent protocol 2, this agent 1/);
    return true;
  });
});

test('a welcome for another node is final', async () => {
  await using r = await rig({
    coordinator: {
      answer: () => ({
        type: 'welcome',
        nodeId: 'a'.repeat(26),
        owner: 'alice',
        httpToken: 't',
        heartbeatMs: 1,
        leasedHeartbeatMs: 1,
      }),
    },
    start: false,
  });
  await assert.rejects(r.agent.start(NEVER), withCode('AGENT_WRONG_NODE'));
});

test('the fog is pinned privately, and another one at its address is refused with the remedy', async () => {
  await using dir = await tempDir();
  const runtime = new FakeRuntime();
  const agentOf = (url: string) =>
    createAgent(
      { url, dataDir: dir.path, slots: 1, joinCode: 'code' },
      { clock: new VirtualClock(), logger: silentLogger, runtime, identity },
    );
  let port: number;
  {
    await using first = await FakeCoordinator.start({ seed: 1 });
    port = first.port;
    const agent = agentOf(first.url);
    await agent.start(NEVER);
    await agent.stop();
  }
  const file = dir.file('known-fogs.json');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await using second = await FakeCoordinator.start({ seed: 2, port });
  await assert.rejects(agentOf(second.url).start(NEVER), (error: FogError) => {
    assert.equal(error.code, 'AGENT_OTHER_FOG');
    assert.match(error.message, new RegExp(`remove the address from ${file}`));
    return true;
  });
  assert.equal(second.sessions[0]?.hello, undefined, 'no code for an impostor');
  await writeFile(file, '[]');
  const mended = agentOf(second.url);
  await mended.start(NEVER);
  await mended.stop();
  assert.match(await readFile(file, 'utf8'), new RegExp(`127.0.0.1:${port}`));
  await writeFile(file, '{"not": "a list"}');
  await assert.rejects(agentOf(second.url).start(NEVER), withCode('AGENT_KNOWN_FOGS'));
});

test('once enrolled, a start waits for a fog that is away', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  const port = r.coordinator.port;
  await r.agent.stop();
  await r.coordinator[Symbol.asyncDispose]();
  const again = createAgent(
    { url: `http://127.0.0.1:${port}`, dataDir: r.dir.file('agent'), slots: 1 },
    { clock, logger: silentLogger, runtime: new FakeRuntime(), identity },
  );
  const started = again.start(NEVER);
  await waitFor('an attempt', async () => (await again.health(NEVER)).state === 'degraded');
  clock.advance(20_000);
  await using back = await FakeCoordinator.start({ port });
  await waitFor('the welcome', () => {
    clock.advance(5_000);
    return back.sessions.length > 0;
  });
  await started;
  await again.stop();
});

test('reconnects after each kind of bad frame, and counts it', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  const bad: (string | Buffer)[] = [
    'no json',
    '{"type":"work"}',
    Buffer.from([1, 2, 3]),
    `"${'x'.repeat(256 * 1024)}"`,
    JSON.stringify({
      type: 'challenge',
      protocol: 1,
      fogId: 'a'.repeat(26),
      nonce: '',
      serverKey: '',
    }),
  ];
  const codes: number[] = [];
  for (const [at, frame] of bad.entries()) {
    const session = await r.session(at + 1);
    const connected = (): number => r.statuses.filter((one) => one.state === 'connected').length;
    await waitFor('the welcome', () => connected() === at + 1);
    session.socket.send(frame);
    const losses = (): number => r.statuses.filter((one) => one.state === 'disconnected').length;
    await waitFor('the loss', () => losses() === at + 1);
    codes.push(await waitFor('a close', () => session.closeCode));
    assert.equal(r.agent.counts().badFrames, at + 1);
    clock.advance(3_000);
  }
  assert.deepEqual(codes, [1008, 1008, 1008, 1009, 1008]);
  const lost = r.statuses.find((status) => status.state === 'disconnected');
  assert.match(lost?.detail ?? '', /against the protocol; trying again/);
});

test('waits longer after each short session', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.latest.socket.terminate();
  await waitFor('the loss', () => r.statuses.at(-1)?.state === 'disconnected');
  clock.advance(49);
  assert.equal(r.coordinator.sessions.length, 1);
  clock.advance(1);
  (await r.session(2)).socket.terminate();
  const losses = (): number => r.statuses.filter((one) => one.state === 'disconnected').length;
  await waitFor('the loss', () => losses() === 2);
  clock.advance(99);
  assert.equal(r.coordinator.sessions.length, 2);
  clock.advance(1);
  await r.session(3);
});

test('a coordinator that answers no heartbeat is given up and dialled again', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.ackHeartbeats = false;
  clock.advance(45_000);
  await waitFor('the loss', () => r.statuses.at(-1)?.state === 'disconnected');
  assert.match(r.statuses.at(-1)?.detail ?? '', /does not answer heartbeats/);
  assert.match((await r.agent.health(NEVER)).detail ?? '', /does not answer heartbeats/);
  clock.advance(100);
  await r.session(2);
});

test('health is what the peer and the runtime answer', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.runtime.healthNow = { state: 'degraded', detail: 'no bubblewrap' };
  assert.deepEqual(await r.agent.health(NEVER), { state: 'degraded', detail: 'no bubblewrap' });
  r.coordinator.latest.socket.pause();
  const health = r.agent.health(NEVER);
  clock.advance(2_000);
  assert.equal((await health).state, 'unhealthy');
  r.coordinator.latest.socket.resume();
});

test('stop says goodbye, kills what runs and removes its files', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }, { token: 2 }, { token: 3 }]);
  const run = await r.run(2);
  run.sink.output('stdout', Buffer.alloc(50_000));
  const session = r.coordinator.latest;
  await Promise.all([r.agent.stop(), r.agent.stop()]);
  assert.equal(run.signal.aborted, true);
  assert.equal(r.runtime.running, 0);
  assert.equal(r.runtime.stopped, 1);
  assert.deepEqual(session.frames.at(-1), { type: 'goodbye' });
  assert.deepEqual(session.results, []);
  assert.deepEqual(await spoolFiles(r), []);
  assert.equal(r.coordinator.sessions.length, 1);
});

test('stop does not wait for ever for a run that does not end', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.runtime.heedsAbort = false;
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  await r.run(1);
  const stopped = r.agent.stop();
  clock.advance(3_000);
  await stopped;
  assert.equal(r.runtime.running, 1);
  r.runtime.runs[0]?.end();
});

test('a status says when it works and when it waits', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  await waitFor('working', () => r.statuses.at(-1)?.state === 'working');
  assert.deepEqual(r.statuses.at(-1), { state: 'working', detail: 'running 1 task', running: 1 });
  run.end();
  await waitFor('waiting', () => r.statuses.at(-1)?.state === 'connected');
  assert.equal(r.statuses.at(-1)?.running, 0);
});

test('a sandbox weaker than asked for is refused at start', async () => {
  await using r = await rig({ start: false, agent: { runtimeLevel: 'os' } });
  r.runtime.level = 'process';
  r.runtime.levelReason = 'bwrap is not installed';
  await assert.rejects(r.agent.start(NEVER), (error: FogError) => {
    assert.equal(error.code, 'AGENT_WEAK_SANDBOX');
    assert.match(error.message, /bwrap is not installed/);
    return true;
  });
  assert.equal(r.coordinator.sessions.length, 0);
});

test('wrong options are named before anything starts', () => {
  const deps = {
    clock: new VirtualClock(),
    logger: silentLogger,
    runtime: new FakeRuntime(),
    identity,
  };
  const good = { url: 'http://127.0.0.1:7700', dataDir: '/nowhere', slots: 1 };
  for (const wrong of [
    { url: 'localhost' },
    { url: 'http://fog.example:7700' },
    { url: 'https://notanid@fog.example' },
    { slots: 0 },
    { slots: 1.5 },
    { name: '' },
    { name: 'x'.repeat(65) },
  ]) {
    assert.throws(() => createAgent({ ...good, ...wrong }, deps), withCode('AGENT_OPTIONS'));
  }
});
