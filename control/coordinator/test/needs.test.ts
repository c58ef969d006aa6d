/** Jobs that need jobs, singly and in batches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { JobBatch } from '@fog/wire';
import { fixture, HandAgent, MODULE, ok, OWNER, spec, MEMBER } from './fixture.ts';

const plain = { runtime: 'wasm', module: MODULE, moduleName: 'noop.wasm' } as const;
const batch = (jobs: Record<string, object>): JobBatch =>
  JobBatch.parse({
    jobs: Object.entries(jobs).map(([key, over]) => ({ key, spec: { ...plain, ...over } })),
  });
const FILE = { path: 'out/a.txt', bytes: { sizeBytes: 2, data: 'aGk=' } };

test('a job waits for what it needs, and gets its outputs as inputs', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator);
  const tokenOf = (at: number): number => agent.leases[at]?.token ?? 0;
  const [first, second] = await coordinator.submitBatch(
    OWNER,
    batch({
      make: {},
      use: {
        needs: [
          {
            job: 'make',
            outputs: [
              { from: 'stdout', to: 'in/text' },
              { from: 'out/a.txt', to: 'in/file' },
            ],
          },
        ],
      },
    }),
  );
  const use = second?.id ?? '';
  await agent.until(() => agent.leases.length === 1);
  assert.equal(agent.leases[0]?.job, first?.id);
  assert.match(
    (await coordinator.job(OWNER, use)).cause ?? '',
    new RegExp(`waits for ${first?.id}`),
  );
  assert.deepEqual((await coordinator.why(MEMBER, use)).needs[0]?.job, first?.id);
  const stdout = { sizeBytes: 3, content: 'b'.repeat(64) };
  await coordinator.leaseUploaded('a', tokenOf(0), { content: stdout.content, sizeBytes: 3 });
  agent.result(tokenOf(0), ok({ stdout, files: [FILE] }));
  await agent.until(() => agent.leases.length === 2);
  const { inputs } = await coordinator.leasedSpec('a', use);
  assert.deepEqual(
    inputs.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
    [
      { path: 'in/text', sizeBytes: 3 },
      { path: 'in/file', sizeBytes: 2 },
    ],
  );
  assert.ok(inputs.every(({ content }) => coordinator.nodeMayRead('a', content)));
  await fog.restart();
  const again = new HandAgent('a', agent).connect(fog.coordinator, {
    held: [tokenOf(1)],
  });
  assert.deepEqual((await fog.coordinator.leasedSpec('a', use)).inputs, inputs);
  again.result(tokenOf(1));
  assert.equal((await fog.coordinator.job(OWNER, use, { waitMs: 5_000 })).state, 'settled');
});

test('a job fails when what it needs failed, was cancelled or made no such file', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 4 });
  const jobs = await coordinator.submitBatch(
    OWNER,
    batch({
      made: {},
      gone: {},
      c: { needs: [{ job: 'made', outputs: [{ from: 'no.txt', to: 'x' }] }] },
      d: { needs: [{ job: 'gone' }] },
      e: { needs: [{ job: 'd' }] },
    }),
  );
  const [made, gone, c, d, e] = jobs.map((job) => job.id);
  await agent.until(() => agent.leases.length === 2);
  agent.result(agent.leases.find((lease) => lease.job === made)?.token ?? 0);
  await coordinator.cancel(OWNER, gone ?? '');
  for (const [id, cause] of [
    [c, /made no file no\.txt/],
    [d, /is cancelled/],
    [e, new RegExp(`job ${d}, which it needs, is failed`)],
  ] as const) {
    const job = await coordinator.job(OWNER, id ?? '', { waitMs: 5_000 });
    assert.equal(job.state, 'failed');
    assert.equal(job.failure?.code, 'NEED_FAILED');
    assert.match(job.cause ?? '', cause);
  }
});

test('needs survive a restart, also when what they wait for ends meanwhile', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const [, second] = await fog.coordinator.submitBatch(
    OWNER,
    batch({ make: {}, use: { needs: [{ job: 'make' }] } }),
  );
  await agent.until(() => agent.leases.length === 1);
  const token = agent.leases[0]?.token ?? 0;
  await fog.restart();
  const again = new HandAgent('a', agent).connect(fog.coordinator, { held: [token] });
  again.result(token);
  await again.until(() => again.leases.length === 1);
  assert.equal(again.leases[0]?.job, second?.id);
});

test('a batch that needs itself is refused with the circle, and nothing is stored', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const circle = batch({
    a: { needs: [{ job: 'c' }] },
    b: { needs: [{ job: 'a' }] },
    c: { needs: [{ job: 'b' }] },
  });
  await assert.rejects(coordinator.submitBatch(OWNER, circle), (error) => {
    assert.ok(isFogError(error, 'COORDINATOR_CYCLE'));
    assert.match(error.message, /a needs c needs b needs a/);
    return true;
  });
  const unknown = batch({ a: { needs: [{ job: 'z' }] } });
  await assert.rejects(coordinator.submitBatch(OWNER, unknown), (error) =>
    isFogError(error, 'COORDINATOR_BATCH'),
  );
  await assert.rejects(
    coordinator.submit(OWNER, spec({ needs: [{ job: 'jaaaaaaaaaaaa' }] })),
    (error) => isFogError(error, 'COORDINATOR_NO_JOB'),
  );
  assert.equal((await coordinator.jobs(OWNER, { open: false, limit: 9 })).jobs.length, 0);
});

test('a batch sent again under its key makes the same jobs; another one is refused', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const two = batch({ a: {}, b: { needs: [{ job: 'a' }] } });
  const ids = async (): Promise<string[]> =>
    (await coordinator.submitBatch(OWNER, two, 'k')).map((job) => job.id);
  assert.deepEqual(await ids(), await ids());
  const other = batch({ a: { args: ['x'] }, b: {} });
  await assert.rejects(coordinator.submitBatch(OWNER, other, 'k'), (error) =>
    isFogError(error, 'COORDINATOR_IDEMPOTENCY'),
  );
});

test('a chain of a thousand jobs is checked without growing the stack', async () => {
  await using fog = await fixture();
  const links = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, at) => [
      `k${at}`,
      at === 999 ? {} : { needs: [{ job: `k${at + 1}` }] },
    ]),
  );
  assert.equal((await fog.coordinator.submitBatch(OWNER, batch(links))).length, 1_000);
});
