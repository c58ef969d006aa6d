import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '@fog/server';
import { bearer, rawCall, startFog } from '../fog-fixture.ts';

describe('metrics', () => {
  it('count, set and observe by name and labels', async () => {
    const metrics = createMetrics();
    const sink = await metrics.sink();
    sink.count('fog_mixnet_packets_total', { verdict: 'ok' });
    sink.count('fog_mixnet_packets_total', { verdict: 'ok' }, 2);
    sink.count('fog_mixnet_packets_total', { verdict: 'replay' });
    sink.gauge('fog_mixnet_queue_depth', 7);
    sink.observe('fog_mixnet_peel_micros', 46);
    const text = await metrics.text();
    assert.match(text, /^# HELP fog_mixnet_packets_total mixnet packets$/m);
    assert.match(text, /^fog_mixnet_packets_total\{verdict="ok"\} 3$/m);
    assert.match(text, /^fog_mixnet_packets_total\{verdict="replay"\} 1$/m);
    assert.match(text, /^fog_mixnet_queue_depth 7$/m);
    assert.match(text, /^fog_mixnet_peel_micros_bucket\{le="50"\} 1$/m);
  });

  it('are served with the state of the services', async () => {
    await using fog = await startFog();
    const answer = await rawCall(fog.api.url, '/metrics', { headers: bearer(fog.token) });
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(answer.body, /^fog_service_up\{service="store"\} 1$/m);
    assert.match(answer.body, /^fog_coordinator_verification_events\{event="liesProven"\} 0$/m);
    assert.match(answer.body, /^fog_reputation_ignored_evidence\{why="capped"\} 0$/m);
    assert.match(answer.body, /^fog_reputation_nodes\{standing="distrusted"\} 0$/m);
    assert.match(answer.body, /^fog_sla_breaches\{tier="gold"\} 0$/m);
  });
});
