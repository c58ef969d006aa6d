/** Seeded batches small enough to be counted through, with every constraint in them. */
import fc from 'fast-check';
import type { PlacementNode, PlacementTask } from '../../src/index.ts';
import { GIB, node, task } from '../fixture.ts';

const prices = fc.record({
  cpuHour: fc.integer({ min: 0, max: 1_000_000 }),
  gbHour: fc.integer({ min: 0, max: 100_000 }),
  gpuHour: fc.constant(0),
});

export const someNodes: fc.Arbitrary<PlacementNode[]> = fc
  .array(
    fc.record({
      owner: fc.constantFrom('ann', 'bob', 'cat'),
      slots: fc.integer({ min: 1, max: 3 }),
      memoryBytes: fc.integer({ min: 1, max: 4 }).map((count) => count * GIB),
      cores: fc.integer({ min: 1, max: 4 }),
      diskBytes: fc.integer({ min: 0, max: 100 }),
      diskHeld: fc.integer({ min: 0, max: 20 }),
      memoryHeld: fc.constantFrom(0, 0, GIB),
      gpus: fc.integer({ min: 0, max: 2 }),
      gpusHeld: fc.integer({ min: 0, max: 1 }),
      speed: fc.constantFrom(0.5, 1, 2),
      rttMs: fc.integer({ min: 0, max: 200 }),
      queuedMs: fc.constantFrom(0, 0, 700),
      bandwidthMbps: fc.constantFrom(10, 100),
      trust: fc.constantFrom(0.3, 0.6, 0.95),
      region: fc.constantFrom('eu', 'us'),
      labels: fc.constantFrom({ disk: 'ssd' }, {}),
      prices,
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((shapes) => shapes.map((shape, index) => node(`n${index}`, shape)));

const wish = fc.record(
  {
    cores: fc.integer({ min: 1, max: 3 }),
    diskBytes: fc.integer({ min: 1, max: 60 }),
    gpus: fc.constantFrom(1),
    expectedMs: fc.constantFrom(300, 1_000, 2_500),
    inputBytes: fc.constantFrom(0, 500_000),
    module: fc.constantFrom('m', 'n'),
    dueInMs: fc.constantFrom(1_500, 3_000, 6_000),
    gang: fc.constantFrom('g', 'h'),
    apart: fc.constantFrom('p', 'q'),
    region: fc.constantFrom('eu'),
    labels: fc.constant({ disk: 'ssd' }),
    minTrust: fc.constantFrom(0.5, 0.9),
    maxPrice: fc.constant({ credits: 500, hours: 0.001 }),
    tier: fc.constantFrom('bronze', 'gold'),
  },
  { requiredKeys: [] },
);

export const someTasks: fc.Arbitrary<PlacementTask[]> = fc
  .array(fc.tuple(wish, fc.integer({ min: 1, max: 2 })), { maxLength: 7 })
  .map((wishes) =>
    wishes.map(([over, gib]) =>
      task({ ...(over as Partial<PlacementTask>), memoryBytes: gib * GIB }),
    ),
  );
