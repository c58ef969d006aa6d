/** What a job got counts after a restart as it counted before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fixture, fixture, HandAgent, ok, OWNER, spec } from '../fixture.ts';

const OPERATOR = { account: OWNER, role: 'operator' };
/** Long enough that nothing is queued ahead on a node. */
const usage = { wallMs: 1_000, cpuMs: 1, peakMemoryBytes: 1 };

/**
 * Two tasks are taken back for urgent work. One is lost twice after that, and taken for lost once more when its
 * result comes. Most of what was given up brings its result late.
 */
async function unluckyJob(fog: Fixture, pause: () => Promise<void>): Promise<string> {
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(fog.coordinator, { slots: 1 }));
  const [a, b] = agents as [HandAgent, HandAgent];
  const job = await fog.coordinator.submit(OWNER, spec({ tier: 'bronze', array: { count: 2 } }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 1)));
  const silver = await fog.coordinator.submit(OWNER, spec({ tier: 'silver', args: ['x'] }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 2)));
  a.result(a.leases[0]?.token ?? 0);
  for (const each of agents) each.result(each.leases[1]?.token ?? 0, ok({ usage }));
  await fog.coordinator.job(OWNER, silver.id, { waitMs: 5_000 });
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 3)));
  for (let loss = 0; loss < 2; loss += 1) {
    a.session?.message({ type: 'goodbye' });
    a.connect(fog.coordinator, { slots: 1 });
    await a.until(() => a.leases.length === 4 + loss);
  }
  a.result(a.leases[2]?.token ?? 0);
  await a.until(() => a.acks().late.length === 2);
  a.session?.message({ type: 'goodbye' });
  fog.clock.advance(1_000);
  await pause();
  for (const each of agents) {
    const token = each.leases.at(-1)?.token ?? 0;
    const again = new HandAgent(each.id, each);
    again.connect(fog.coordinator, { slots: 1, held: [token] }).result(token, ok({ usage }));
  }
  assert.equal(b.leases.length, 3);
  assert.equal((await fog.coordinator.job(OWNER, job.id, { waitMs: 5_000 })).state, 'settled');
  return job.id;
}

async function figures(pause: (fog: Fixture) => Promise<void>): Promise<unknown> {
  await using fog = await fixture();
  const job = await unluckyJob(fog, () => pause(fog));
  const { tiers, breaches } = await fog.coordinator.sla(OPERATOR);
  const found = breaches.filter((each) => each.job === job);
  return [
    tiers.map(({ measured }) => measured),
    found.map(({ kind, severity, value }) => ({ kind, severity, value })),
  ];
}

test('a restart changes nothing in what counts: work taken back, losses, late results', async () => {
  const whole = await figures(async () => {});
  assert.deepEqual(await figures((fog) => fog.restart()), whole);
  const [[bronze], breaches] = whole as [{ attempts: number; errorPct: number }[], unknown];
  assert.deepEqual([bronze?.attempts, bronze?.errorPct], [4, 50]);
  assert.deepEqual(breaches, [{ kind: 'errors', severity: 'high', value: 50 }]);
});
