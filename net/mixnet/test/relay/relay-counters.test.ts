import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MixMetrics } from '../../src/ports.ts';
import { DROP_REASONS, PacketCounters, tellLinkLoss } from '../../src/relay/relay-counters.ts';

function recorded(): { readonly metrics: MixMetrics; readonly values: Map<string, number> } {
  const values = new Map<string, number>();
  const keyOf = (name: string, labels = {}): string => [name, ...Object.values(labels)].join(' ');
  const metrics: MixMetrics = {
    count: (name, labels, by = 1) => {
      const key = keyOf(name, labels);
      values.set(key, (values.get(key) ?? 0) + by);
    },
    gauge: (name, value, labels) => void values.set(keyOf(name, labels), value),
    observe: () => {},
  };
  return { metrics, values };
}

describe('the counters of a relay', () => {
  it('are all there from the first time on, and add up', () => {
    const { metrics, values } = recorded();
    const counters = new PacketCounters();
    counters.tell(metrics, 1);
    const dropped = (reason: string): number | undefined =>
      values.get(`fog_mixnet_packets_dropped_total ${reason}`);
    for (const reason of DROP_REASONS) assert.equal(dropped(reason), 0, reason);
    assert.equal(values.get('fog_mixnet_packets_delivered_total'), 0);
    counters.received += 7;
    counters.delayed += 2;
    counters.delayMs += 12.5;
    counters.drop('replay');
    counters.tell(metrics, 1);
    counters.drop('replay', 2);
    counters.received += 3;
    counters.tell(metrics, 1);
    assert.equal(dropped('replay'), 3);
    assert.equal(values.get('fog_mixnet_packets_received_total'), 10);
    assert.equal(values.get('fog_mixnet_packets_delayed_total'), 2);
    assert.equal(values.get('fog_mixnet_delay_ms_total'), 12.5);
    assert.equal(counters.peak, 7);
  });

  it('tell the loss over all links and the worst, and nothing before the first loop', () => {
    const { metrics, values } = recorded();
    tellLinkLoss(metrics, []);
    assert.equal(values.size, 0);
    tellLinkLoss(metrics, [
      { peer: 'a', sent: 30, lost: 0 },
      { peer: 'b', sent: 10, lost: 5 },
    ]);
    assert.equal(values.get('fog_mixnet_link_loss_ratio all'), 0.125);
    assert.equal(values.get('fog_mixnet_link_loss_ratio worst'), 0.5);
  });
});
