import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, OWNER, spec } from './fixture.ts';

test('a job whose only node is lost is queued again and says what it waits for', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  agent.session?.message({ type: 'progress', tasks: [{ token, phase: 'running' }] });
  agent.session?.message({ type: 'goodbye' });
  const view = await fog.coordinator.job(OWNER, job.id);
  assert.equal(view.state, 'queued');
  assert.match(view.cause ?? '', /waits for a node/);
  const next = new HandAgent('b').connect(fog.coordinator);
  await next.until(() => next.leases.length === 1);
  assert.equal((await fog.coordinator.job(OWNER, job.id)).state, 'placing');
});

test('cancel leaves attempts that were lost before as they ended', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  agent.session?.message({ type: 'goodbye' });
  await fog.coordinator.cancel(OWNER, job.id);
  const { attempts } = await fog.coordinator.task(OWNER, job.id, 0);
  assert.equal(attempts[0]?.state, 'lost');
  assert.equal(attempts[0]?.failure?.code, 'NODE_LOST');
});

test('the grace of a lost connection starts anew with each loss', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  agent.session?.closed();
  fog.clock.advance(4_000);
  agent.connect(fog.coordinator, { held: [token] });
  agent.session?.closed();
  fog.clock.advance(2_000);
  assert.equal((await fog.coordinator.job(OWNER, job.id)).tasks.running, 1);
});

test('an agent may send a bounded number of contents under one lease', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  let sent = 0;
  while (fog.coordinator.mayUpload('a', token) && sent < 5_000) {
    sent += 1;
    void fog.coordinator.leaseUploaded('a', token, {
      content: sent.toString(16).padStart(64, '0'),
      sizeBytes: 1,
    });
  }
  assert.equal(sent, 2_004);
  assert.equal(fog.coordinator.mayUpload('b', token), false);
});
