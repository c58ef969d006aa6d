import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '@fog/server';
import { VirtualClock } from '@fog/testkit';
import { labelMetrics } from '../../src/mix/label-metrics.ts';
import { MAX_REPORTED_METRICS, REPORT_PERIOD_MS } from '../../src/mix/limits.ts';
import { createMetricRecorder } from '../../src/mix/metric-recorder.ts';
import { replayMetrics, RoleReport, startRoleReports } from '../../src/mix/role-report.ts';

describe('metrics of a role process', () => {
  it('come out of the fog as they went in, with the name of the service', async () => {
    const recorder = createMetricRecorder();
    recorder.count('fog_mixnet_packets_received_total');
    recorder.count('fog_mixnet_packets_received_total', undefined, 4);
    recorder.count('fog_mixnet_packets_dropped_total', { reason: 'replay' }, 2);
    recorder.gauge('fog_mixnet_queue_depth', 9);
    recorder.gauge('fog_mixnet_queue_depth', 7);
    recorder.observe('fog_mixnet_peel_micros', 46);
    recorder.observe('fog_mixnet_peel_micros', 60);
    const metrics = createMetrics();
    const sink = labelMetrics(await metrics.sink(), { service: 'relay-1' });
    replayMetrics(sink, recorder.take());
    assert.deepEqual(recorder.take(), []);
    recorder.count('fog_mixnet_packets_received_total');
    replayMetrics(sink, recorder.take());
    const text = await metrics.text();
    assert.match(text, /^fog_mixnet_packets_received_total\{service="relay-1"\} 6$/m);
    assert.match(text, /_dropped_total\{reason="replay",service="relay-1"\} 2$/m);
    assert.match(text, /^fog_mixnet_queue_depth\{service="relay-1"\} 7$/m);
    assert.match(text, /^fog_mixnet_peel_micros_count\{service="relay-1"\} 2$/m);
  });

  it('are bounded', () => {
    const recorder = createMetricRecorder();
    for (let index = 0; index < MAX_REPORTED_METRICS + 5; index += 1) {
      recorder.observe('fog_mixnet_peel_micros', index);
    }
    assert.equal(recorder.take().length, MAX_REPORTED_METRICS);
  });
});

describe('reports of a role process', () => {
  it('wait for the last one to be taken', async () => {
    const clock = new VirtualClock();
    const told: RoleReport[] = [];
    let taken = Promise.withResolvers<void>();
    const stop = startRoleReports({
      clock,
      tell: (message) => {
        told.push(RoleReport.parse(message));
        return taken.promise;
      },
      health: () => ({ state: 'degraded', detail: 'x'.repeat(9_000) }),
      relay: () => undefined,
      takeMetrics: () => [],
    });
    await clock.advanceAsync(5 * REPORT_PERIOD_MS);
    assert.equal(told.length, 1);
    taken.resolve();
    taken = Promise.withResolvers();
    await clock.advanceAsync(5 * REPORT_PERIOD_MS);
    assert.equal(told.length, 2);
    stop();
    taken.resolve();
    await clock.advanceAsync(5 * REPORT_PERIOD_MS);
    assert.equal(told.length, 2);
  });

  it('are refused when they are too large or no reports', () => {
    const good = { kind: 'fog-role-report/1', health: { state: 'healthy' }, metrics: [] };
    const metric = { kind: 'count', name: 'fog_mixnet_x_total', labels: {}, value: 1 };
    assert.ok(RoleReport.safeParse({ ...good, metrics: [metric] }).success);
    for (const bad of [
      {},
      'hello',
      { ...good, health: { state: 'fine' } },
      { ...good, metrics: [{ ...metric, name: 'process_cpu' }] },
      { ...good, metrics: [{ ...metric, value: Number.NaN }] },
      { ...good, metrics: [{ ...metric, labels: { 'a b': 'c' } }] },
      { ...good, metrics: Array.from({ length: MAX_REPORTED_METRICS + 1 }, () => metric) },
    ]) {
      assert.ok(!RoleReport.safeParse(bad).success, JSON.stringify(bad).slice(0, 200));
    }
  });
});
