import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { writeFile } from 'node:fs/promises';
import {
  createDelayAudit,
  type DelayAudit,
  type DelayAuditDeps,
} from '../../src/audit/delay-audit.ts';
import type { RelayFinding } from '../../src/audit/findings.ts';
import { createMemNetwork, type MemNetwork, seededRandom } from '../client/mem-network.ts';
import { freshFile, settle, startClient } from '../client/start-client.ts';

const EPOCH_MS = 600_000;

async function startAudit(
  network: MemNetwork,
  file = freshFile('audit'),
  onFindings: DelayAuditDeps['onFindings'] = () => {},
): Promise<DelayAudit> {
  const client = await startClient(network);
  const deps = { ...network, client, random: seededRandom(77), logger: silentLogger, onFindings };
  const audit = createDelayAudit({ file, periodMs: 1e9 }, deps);
  await audit.start(AbortSignal.timeout(60_000));
  return audit;
}

async function nextEpoch(network: MemNetwork): Promise<void> {
  await network.clock.advanceAsync(EPOCH_MS - (network.clock.now() % EPOCH_MS));
  network.publish();
}

describe('delay audit', () => {
  it('finds the relay that skips its delays, and none of the honest ones', async () => {
    const network = createMemNetwork({ seed: 50, epochMs: EPOCH_MS });
    const cheat = network.relays[6];
    assert.ok(cheat);
    cheat.delayMs = (owedMs) => owedMs * 0.3;
    const found: RelayFinding[] = [];
    const audit = await startAudit(network, undefined, (findings) => void found.push(...findings));
    for (let loop = 0; loop < 120; loop += 1) await settle(network, audit.sendLoop());
    assert.equal(audit.report().open, 120);
    assert.deepEqual(found, []);
    await nextEpoch(network);
    for (const { relay, good, kind } of found) {
      assert.deepEqual([kind, good], ['delay_audit', relay !== cheat.id]);
    }
    assert.equal(new Set(found.map(({ relay }) => relay)).size, found.length);
    const { hops, open } = audit.report();
    assert.equal(open, 0);
    const [worst, ...others] = hops;
    assert.equal(worst?.relay, cheat.id);
    assert.deepEqual(worst.suspicions, ['short']);
    assert.ok(worst.short > worst.loops / 2);
    assert.ok(others.length >= 7);
    assert.equal(found.length, hops.length);
    for (const { relay, loops, short, suspicions } of others) {
      assert.deepEqual({ relay, short, suspicions }, { relay, short: 0, suspicions: [] });
      assert.ok(loops > 0);
    }
    await audit.stop();
  });

  it('keeps its records over a restart', async () => {
    const network = createMemNetwork({ seed: 51, epochMs: EPOCH_MS });
    const file = freshFile('audit');
    const first = await startAudit(network, file);
    for (let loop = 0; loop < 10; loop += 1) await settle(network, first.sendLoop());
    await first.stop();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const second = await startAudit(network, file);
    assert.equal(second.report().open, 10);
    await nextEpoch(network);
    assert.equal(
      second.report().hops.reduce((sum, { loops }) => sum + loops, 0),
      10,
    );
    await second.stop();
    const third = await startAudit(network, file);
    assert.deepEqual(third.report(), second.report());
    await third.stop();
  });

  it('counts loops that were lost, and says nothing of their hop', async () => {
    const network = createMemNetwork({ seed: 52, epochMs: EPOCH_MS });
    const audit = await startAudit(network);
    for (const relay of network.relays) relay.drops = () => true;
    await settle(network, audit.sendLoop());
    const { hops } = audit.report();
    assert.deepEqual(
      hops.map(({ lost, loops, suspicions }) => ({ lost, loops, suspicions })),
      [{ lost: 1, loops: 0, suspicions: [] }],
    );
    await audit.stop();
  });

  it('refuses a file that is not its own, and says what to do', async () => {
    const network = createMemNetwork({ seed: 53 });
    const file = freshFile('audit');
    await writeFile(file, 'hello');
    const deps = { ...network, client: await startClient(network), logger: silentLogger };
    const audit = createDelayAudit({ file }, deps);
    await assert.rejects(audit.start(AbortSignal.timeout(1_000)), {
      code: 'MIXNET_AUDIT_FILE',
      message: /Move the file away/,
    });
  });
});
