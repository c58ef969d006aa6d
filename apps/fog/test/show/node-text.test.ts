import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogNode, type TopologySnapshot } from '@fog/wire';
import { nodesTable, nodeText, routeText, topologyText } from '../../src/show/node-text.ts';

const PIPE = { isTerminal: false, columns: 80 };
const ID = 'a'.repeat(26);

function node(changes: Partial<FogNode> = {}): FogNode {
  return FogNode.parse({
    id: ID,
    name: 'attic',
    owner: 'operator',
    status: 'idle',
    mode: 'accepting',
    profile: { type: 'compute', labels: {} },
    capabilities: {
      platform: 'linux',
      arch: 'x64',
      cores: 4,
      memoryBytes: 2 ** 30,
      slots: 4,
      sandboxLevel: 'os',
      runtimes: ['wasm'],
      version: '0.1.0',
    },
    breaker: { state: 'closed', failures: 0 },
    running: 1,
    settled: 2,
    failed: 0,
    joinedAt: 0,
    lastSeenAt: 0,
    ...changes,
  });
}

describe('what is shown of nodes', () => {
  it('is a row each, with what is not known as a dash', () => {
    const cooling = node({
      name: 'cellar',
      rttMs: 1.25,
      profile: { type: 'edge_device', labels: {}, region: 'eu' },
      breaker: { state: 'open', failures: 5, until: 1 },
    });
    const drained = node({ ...cooling, status: 'draining', rttMs: 30.4 });
    const [, first, second, third] = nodesTable([node(), cooling, drained], 1000, PIPE).split('\n');
    assert.match(first ?? '', /attic +compute +idle +1\/4 +2 +0 +- +- +- +os +1 s ago/);
    assert.match(second ?? '', /cellar +edge_device +cooling .* 1\.3 ms +eu /);
    assert.match(third ?? '', /draining .* 30 ms/);
  });

  it('fits a terminal: with shorter ids, and without what matters least', () => {
    const edge = node({ name: 'a-machine', profile: { type: 'edge_device', labels: {} } });
    const wide = nodesTable([edge], 1000, { isTerminal: true, columns: 200 });
    assert.equal(wide, nodesTable([edge], 1000, PIPE));
    assert.ok(wide.includes(ID));
    for (const columns of [100, 80, 60]) {
      const text = nodesTable([edge], 1000, { isTerminal: true, columns });
      assert.ok(
        text.split('\n').every((line) => line.length <= columns),
        text,
      );
      assert.match(text, /aaaaaaaa {2}a-machine .*idle/);
    }
  });

  it('of one is all that is known', () => {
    assert.doesNotMatch(nodeText(node(), 0), /undefined|NaN|labels|prices|disk/);
    const text = nodeText(
      node({
        profile: {
          type: 'compute',
          labels: { zone: 'a' },
          region: 'eu',
          coordinates: { latitude: 52.5, longitude: -13.4 },
          prices: { cpuHour: 500_000, gbHour: 0, gpuHour: 2_000_000, spotDiscount: 0.3 },
        },
        load: { cpu: 0.25, freeMemoryBytes: 2 ** 29 },
        bandwidthMbps: 93.4,
        trust: 0.5,
      }),
      0,
    );
    for (const part of [
      /zone=a/,
      /52\.5,-13\.4/,
      /0\.5 credits a core and hour, 0 a GB and hour, 2 a GPU and hour; 30 % off/,
      /25 % of the CPU, 512 MiB of memory free/,
      /93\.4 Mbit\/s/,
      /trust +0\.50/,
    ]) {
      assert.match(text, part);
    }
  });
});

describe('what is shown of a route', () => {
  const answer = {
    strategy: 'random' as const,
    node: ID,
    candidates: [
      { node: ID, name: 'attic', score: 0.5, because: '1 of 4 slots taken' },
      { node: 'b'.repeat(26), name: 'cellar', refusal: 'is draining' },
    ],
  };

  it('is the node, and every node when asked', () => {
    assert.equal(routeText(answer, false, PIPE), `random: attic (${ID}), 1 of 4 slots taken\n`);
    assert.match(routeText(answer, true, PIPE), /cellar +b{26} +- +is draining/);
    const { node: _node, ...none } = answer;
    assert.match(routeText(none, false, PIPE), /random: no node can take it/);
  });
});

describe('what is shown of the topology', () => {
  it('is the fleet now, its links and its past', () => {
    const now: TopologySnapshot = {
      time: 0,
      nodes: 2,
      byType: { compute: 2 },
      byStatus: { idle: 1, draining: 1 },
      capacity: { slots: 8, freeSlots: 4, cores: 8, memoryBytes: 2 ** 30 },
    };
    const seen = {
      now,
      links: [{ node: ID, rttMs: 2 }],
      history: Array.from({ length: 12 }, () => now),
    };
    const text = topologyText(seen, new Map([[ID, 'attic']]));
    assert.match(text, /nodes +2: 1 idle, 1 draining/);
    assert.match(text, /attic +a{26} +2\.0 ms +-/);
    assert.equal(text.match(/4\/8/g)?.length, 10);
  });
});
