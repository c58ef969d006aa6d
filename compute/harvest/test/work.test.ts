import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { CREDIT_PER_SLOT, failedOutcome, JobSpec } from '@fog/wire';
import { JOB, OWNER, workOf } from './fake-coordinator.ts';
import { rig, spoolFiles } from './harness.ts';
import { waitFor } from './until.ts';

test('runs a leased task with its data, arguments and environment', async () => {
  await using r = await rig();
  const stdin = r.coordinator.addBlob('input');
  const item = { value: 'the item', input: { path: 'i', content: stdin, sizeBytes: 5 } };
  r.coordinator.work(
    r.spec({ args: ['a'], env: { X: '1' }, stdin, array: { count: 7 }, timeoutMs: 5 }),
    [{ token: 1, index: 3, item }],
  );
  const { request, end, sink } = await r.run(1);
  assert.deepEqual(request.args, ['a']);
  assert.deepEqual(request.env, {
    X: '1',
    FOG_JOB: JOB,
    FOG_INDEX: '3',
    FOG_COUNT: '7',
    FOG_ITEM: 'the item',
  });
  assert.equal(request.owner, OWNER);
  assert.equal(request.seed, `${JOB}/3`);
  assert.equal(request.timeoutMs, 5);
  assert.deepEqual(request.inputs, [{ path: 'i', hostPath: request.stdinHostPath }]);
  sink.output('stdout', Buffer.from('out'));
  sink.file('f', Buffer.from(''));
  end({ exitCode: 0 });
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  const [result] = r.coordinator.latest.results;
  assert.equal(result?.token, 1);
  assert.deepEqual(result?.outcome, {
    exitCode: 0,
    stdout: { sizeBytes: 3, data: Buffer.from('out').toString('base64') },
    stderr: { sizeBytes: 0, data: '' },
    files: [{ path: 'f', bytes: { sizeBytes: 0, data: '' } }],
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
  });
});

test('gives single tasks FOG_INDEX 0 and no FOG_COUNT', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  assert.deepEqual((await r.run(1)).request.env, { FOG_JOB: JOB, FOG_INDEX: '0' });
});

test('runs no more tasks at once than it has slots, and batches their results', async () => {
  await using r = await rig();
  r.runtime.auto = (run) => setImmediate(() => run.end());
  const leases = Array.from({ length: 16 }, (_, at) => ({ token: at + 1, index: at }));
  r.coordinator.work(r.spec({ array: { count: 16 } }), leases);
  await waitFor('16 results', () => r.coordinator.latest.results.length === 16);
  assert.equal(r.runtime.mostRunning, 2);
  assert.ok(r.coordinator.latest.all('results').length <= 16);
  assert.equal(r.agent.counts().finished, 16);
  assert.equal(r.coordinator.requests.length, 1, 'the module is fetched once');
});

test('fetches a spec that is too large for a lease', async () => {
  await using r = await rig();
  r.coordinator.specs.set(JOB, JobSpec.parse(r.spec({ args: ['large'] })));
  r.coordinator.latest.send(workOf(undefined, [{ token: 1 }, { token: 2, index: 1 }]));
  assert.deepEqual((await r.run(1)).request.args, ['large']);
  assert.deepEqual((await r.run(2)).request.args, ['large']);
  const fetched = r.coordinator.requests.filter((line) => line.includes('/jobs/'));
  assert.deepEqual(fetched, [`GET /api/v1/agent/jobs/${JOB}`]);
});

test('reports what cannot be staged as the fog’s failure', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec({ module: 'a'.repeat(64) }), [{ token: 1 }]);
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  const outcome = r.coordinator.latest.results[0]?.outcome;
  assert.equal(outcome?.failure?.code, 'STAGING');
  assert.match(outcome?.failure?.message ?? '', /could not be fetched: .*HTTP 404/);
  assert.equal(r.runtime.runs.length, 0);
});

test('refuses runtimes it lacks, and other owners’ python without an os sandbox', async () => {
  await using r = await rig();
  r.runtime.level = 'process';
  r.runtime.runtimes = ['python'];
  r.coordinator.work(r.spec({ runtime: 'wasm' }), [{ token: 1 }]);
  r.coordinator.latest.send({
    type: 'work',
    jobs: [
      { id: 'jbbbbbbbbbbbb', owner: 'eve', spec: JobSpec.parse(r.spec({ runtime: 'python' })) },
    ],
    leases: [{ token: 2, job: 'jbbbbbbbbbbbb', index: 0, attempt: 1, leaseMs: 30_000 }],
  });
  await waitFor('results', () => r.coordinator.latest.results.length === 2);
  for (const { outcome } of r.coordinator.latest.results) {
    assert.equal(outcome.failure?.code, 'NODE_REFUSED');
  }
  assert.equal(r.runtime.runs.length, 0);
});

test('reports a runtime that throws or makes no sense as a lost sandbox', async () => {
  await using r = await rig();
  r.runtime.auto = (run) => run.end({ exitCode: 999 });
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  await waitFor('a result', () => r.coordinator.latest.results.length === 1);
  r.runtime.auto = () => {
    throw new Error('no process');
  };
  r.coordinator.work(r.spec(), [{ token: 2 }]);
  await waitFor('a result', () => r.coordinator.latest.results.length === 2);
  const [first, second] = r.coordinator.latest.results;
  assert.equal(first?.outcome.failure?.code, 'SANDBOX_LOST');
  assert.match(second?.outcome.failure?.message ?? '', /no process/);
});

test('a cancelled task is killed and reports nothing', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }, { token: 2 }, { token: 3 }]);
  const run = await r.run(2);
  r.coordinator.latest.send({ type: 'cancel', tokens: [1, 3, 99], reason: 'the user asked' });
  await waitFor('the abort', () => r.runtime.runs[0]?.signal.aborted);
  run.end();
  await waitFor('a result', () => r.coordinator.latest.results.length === 1);
  assert.equal(r.coordinator.latest.results[0]?.token, 2);
  assert.equal(r.runtime.runs.length, 2, 'token 3 never ran');
  assert.equal(r.agent.counts().revoked, 2);
});

test('heartbeats name what is held, renew it, and take back what the coordinator revokes', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.ackHeartbeats = false;
  r.coordinator.work(r.spec(), [{ token: 1 }, { token: 2 }]);
  await r.run(2);
  clock.advance(10_000);
  const session = r.coordinator.latest;
  await waitFor('a heartbeat', () => session.all('heartbeat').length === 1);
  assert.deepEqual(session.all('heartbeat')[0]?.held, [1, 2]);
  session.send({ type: 'heartbeat-ack', leaseMs: 100_000, revoked: [2] });
  await waitFor('the abort', () => r.runtime.runs[1]?.signal.aborted);
  clock.advance(10_000);
  await waitFor('a heartbeat', () => session.all('heartbeat').length === 2);
  assert.deepEqual(session.all('heartbeat')[1]?.held, [1]);
  session.send({ type: 'heartbeat-ack', leaseMs: 100_000, revoked: [] });
  clock.advance(15_000);
  assert.equal(r.runtime.runs[0]?.signal.aborted, false, 'renewed at 10 s for 100 s');
  assert.equal(r.agent.counts().expired, 0);
});

test('a lease that is not renewed ends the run and is reported no more', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.ackHeartbeats = false;
  r.coordinator.work(r.spec(), [{ token: 1, leaseMs: 9_000 }]);
  const run = await r.run(1);
  clock.advance(8_900);
  assert.equal(run.signal.aborted, false);
  clock.advance(400);
  assert.equal(run.signal.aborted, true);
  assert.equal(r.agent.counts().expired, 1);
  clock.advance(1_000);
  await waitFor('a heartbeat', () => r.coordinator.latest.all('heartbeat').length === 1);
  assert.deepEqual(r.coordinator.latest.all('heartbeat')[0]?.held, []);
  assert.deepEqual(r.coordinator.latest.results, []);
});

test('time that passed on the wall clock alone counts: laptops sleep', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  clock.jump(3_600_000);
  clock.advance(300);
  assert.equal(run.signal.aborted, true);
});

test('more leases than credit close the connection', async () => {
  await using r = await rig();
  const count = 2 * CREDIT_PER_SLOT + 1;
  const leases = Array.from({ length: count }, (_, at) => ({ token: at + 1, index: at }));
  r.coordinator.work(r.spec({ array: { count } }), leases);
  await r.session(2);
  assert.equal(r.agent.counts().badFrames, 1);
  assert.equal(r.agent.counts().started, 0);
});

test('a lease without its job closes the connection', async () => {
  await using r = await rig();
  const lease = { token: 1, job: JOB, index: 0, attempt: 1, leaseMs: 30_000 };
  r.coordinator.latest.send({ type: 'work', jobs: [], leases: [lease] });
  await r.session(2);
  assert.equal(r.agent.counts().badFrames, 1);
});

test('after a reconnect it names what it holds and sends results again until they are acknowledged', async () => {
  await using r = await rig({ coordinator: { ackResults: false } });
  r.coordinator.work(r.spec(), [{ token: 1 }, { token: 2 }]);
  (await r.run(1)).end();
  const first = r.coordinator.latest;
  await waitFor('the result', () => first.results.length === 1);
  first.socket.terminate();
  (await r.run(2)).end({
    exitCode: 3,
    failure: { class: 'user', code: 'EXIT_CODE', message: 'x' },
  });
  const second = await r.session(2);
  await waitFor('both results', () => second.results.length === 2);
  assert.deepEqual(second.hello?.held.toSorted(), [1, 2]);
  assert.equal(second.hello?.joinCode, undefined);
  second.send({ type: 'ack', tokens: [1], late: [] });
  second.send({ type: 'ack', tokens: [], late: [2] });
  second.socket.close();
  const third = await r.session(3);
  assert.deepEqual(third.hello?.held, []);
  assert.deepEqual(third.results, []);
});

test('a revoked result is not sent again', async () => {
  await using r = await rig({ coordinator: { ackResults: false } });
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  (await r.run(1)).end();
  const first = r.coordinator.latest;
  await waitFor('the result', () => first.results.length === 1);
  first.send({ type: 'heartbeat-ack', leaseMs: 30_000, revoked: [1] });
  first.socket.close();
  assert.deepEqual((await r.session(2)).hello?.held, []);
});

test('a lease sent twice runs once', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  r.coordinator.work(r.spec(), [{ token: 2 }]);
  (await r.run(2)).end();
  await waitFor('a result', () => r.coordinator.latest.results.length === 1);
  assert.equal(r.agent.counts().started, 2);
});

test('long phases are reported, live output carries offsets, short tasks send neither', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  run.sink.output('stdout', Buffer.from('one '));
  run.sink.output('stdout', Buffer.from('two'));
  clock.advance(60);
  run.sink.output('stdout', Buffer.from('!'));
  clock.advance(60);
  const session = r.coordinator.latest;
  await waitFor('two chunks', () => session.all('output').length === 2);
  assert.deepEqual(
    session
      .all('output')
      .map(({ offset, data }) => [offset, Buffer.from(data, 'base64').toString()]),
    [
      [0, 'one two'],
      [7, '!'],
    ],
  );
  assert.deepEqual(
    session.all('progress').map((frame) => frame.tasks),
    [[{ token: 1, phase: 'running' }]],
  );
  run.end();
  r.runtime.auto = (short) => {
    short.sink.output('stdout', Buffer.from('short'));
    short.end();
  };
  r.coordinator.work(r.spec(), [{ token: 2 }]);
  await waitFor('results', () => session.results.length === 2);
  clock.advance(60);
  assert.equal(session.all('output').length, 2);
});

test('live output is dropped, not queued, while there is no connection', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  r.coordinator.latest.socket.terminate();
  await waitFor('the loss', () => r.statuses.some((status) => status.state === 'disconnected'));
  run.sink.output('stdout', Buffer.alloc(40_000, 'a'));
  const session = await r.session(2);
  await waitFor('the welcome', () => r.statuses.at(-1)?.state !== 'disconnected');
  await waitFor(
    'connected',
    () => r.statuses.filter((one) => one.state === 'connected').length > 1,
  );
  run.sink.output('stdout', Buffer.alloc(40_000, 'b'));
  await waitFor('a chunk', () => session.all('output').length >= 2);
  assert.equal(session.all('output')[0]?.offset, 40_000);
  run.end();
  await waitFor('a result', () => session.results.length === 1);
  assert.equal(session.results[0]?.outcome.stdout.sizeBytes, 80_000);
  assert.equal(r.agent.counts().droppedOutputBytes, 40_000);
});

test('large outputs are uploaded under their token, and their spool files go after the acknowledgement', async () => {
  await using r = await rig({ coordinator: { ackResults: false } });
  r.coordinator.work(r.spec({ outputs: ['out'] }), [{ token: 5 }]);
  const run = await r.run(1);
  for (let at = 0; at < 100; at += 1) run.sink.output('stdout', Buffer.alloc(1_000, at));
  run.sink.file('out/big', Buffer.alloc(20_000, 1));
  run.sink.file('out/small', Buffer.from('small'));
  run.end();
  const session = r.coordinator.latest;
  await waitFor('the result', () => session.results.length === 1);
  const outcome = session.results[0]?.outcome;
  const outputs = (await spoolFiles(r)).filter((name) => !name.endsWith('.json'));
  assert.equal(outputs.length, 2);
  assert.deepEqual(
    r.coordinator.uploads.map((upload) => upload.token),
    ['5', '5'],
  );
  const stdout = r.coordinator.uploads.find((one) => one.content === outcome?.stdout.content);
  assert.equal(stdout?.bytes.length, 100_000);
  assert.equal(outcome?.stdout.sizeBytes, 100_000);
  assert.equal(outcome?.stdout.data, undefined);
  assert.equal(outcome?.files[0]?.bytes.sizeBytes, 20_000);
  assert.equal(outcome?.files[1]?.bytes.data, Buffer.from('small').toString('base64'));
  session.send({ type: 'ack', tokens: [5], late: [] });
  await waitFor('an empty spool', async () => (await spoolFiles(r)).length === 0);
});

test('many small files stay within one frame', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec({ outputs: ['out'] }), [{ token: 1 }]);
  const run = await r.run(1);
  for (let at = 0; at < 300; at += 1) {
    run.sink.file(`out/${'n'.repeat(300)}${at}`, Buffer.alloc(1_000, at));
  }
  run.end();
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  const files = r.coordinator.latest.results[0]?.outcome.files ?? [];
  assert.equal(files.length, 300);
  assert.ok(
    files.every(({ bytes }) => (bytes.data === undefined) !== (bytes.content === undefined)),
  );
  assert.ok(r.coordinator.maxFrameBytes <= 256 * 1024);
  assert.ok(r.coordinator.uploads.length > 100);
});

test('file names that no frame can hold are the program’s failure', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec({ outputs: ['out'] }), [{ token: 1 }]);
  const run = await r.run(1);
  for (let at = 0; at < 300; at += 1) run.sink.file(`${'n'.repeat(1_000)}${at}`, Buffer.alloc(0));
  run.end();
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  assert.equal(r.coordinator.latest.results[0]?.outcome.failure?.code, 'OUTPUT_LIMIT');
});

test('an upload that is refused or damaged fails the attempt', async () => {
  await using r = await rig();
  r.coordinator.intercept = (request, answer) => {
    if (request.method !== 'POST') return false;
    const detail = 'this lease is gone';
    const problem = { type: 'x', title: 'x', status: 409, detail, code: 'X', kind: 'conflict' };
    answer.writeHead(409).end(JSON.stringify({ ...problem, retryable: false }));
    return true;
  };
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  run.sink.output('stderr', Buffer.alloc(3_000_000));
  run.end();
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  const failure = r.coordinator.latest.results[0]?.outcome.failure;
  assert.equal(failure?.code, 'UPLOAD');
  assert.match(failure?.message ?? '', /HTTP 409: this lease is gone/);
});

test('output that this disk cannot keep ends the run as the fog’s failure', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  await rm(r.dir.file('agent', 'spool'), { recursive: true });
  await writeFile(r.dir.file('agent', 'spool'), 'no folder');
  run.sink.output('stdout', Buffer.alloc(20_000));
  await waitFor('a result', () => r.coordinator.latest.results.length === 1);
  assert.equal(run.signal.aborted, true);
  const failure = r.coordinator.latest.results[0]?.outcome.failure;
  assert.equal(failure?.code, 'UPLOAD');
  assert.match(failure?.message ?? '', /could not be kept: (ENOTDIR|EEXIST)/);
});

test('a runtime that hands back too many files is stopped', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  for (let at = 0; at <= 1_000; at += 1) run.sink.file(`f${at}`, Buffer.alloc(0));
  await waitFor('a result', () => r.coordinator.latest.results.length === 1);
  assert.equal(run.signal.aborted, true);
  assert.match(r.coordinator.latest.results[0]?.outcome.failure?.message ?? '', /more than 1000/);
});

test('a failure keeps the output that was produced', async () => {
  await using r = await rig();
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  run.sink.output('stderr', Buffer.from('why'));
  const { exitCode, failure } = failedOutcome('TIMEOUT');
  assert.ok(failure);
  run.end({ exitCode, failure });
  await waitFor('the result', () => r.coordinator.latest.results.length === 1);
  const outcome = r.coordinator.latest.results[0]?.outcome;
  assert.equal(outcome?.exitCode, 124);
  assert.equal(outcome?.stderr.sizeBytes, 3);
});

test('a heartbeat sends the ping of the last answer back, with the time it was held', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  r.coordinator.ackHeartbeats = false;
  const session = r.coordinator.latest;
  const beats = () => session.all('heartbeat');
  clock.advance(15_000);
  await waitFor('a heartbeat', () => beats().length === 1);
  assert.equal(beats()[0]?.pong, undefined);
  session.send({ type: 'heartbeat-ack', leaseMs: 30_000, revoked: [], ping: 42 });
  // Messages are taken in order: the answer has been seen when this run begins.
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  await r.run(1);
  clock.advance(10_000);
  await waitFor('the next', () => beats().length === 2);
  assert.deepEqual(beats()[1]?.pong, { ping: 42, heldMs: 10_000 });
});
