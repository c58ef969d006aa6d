import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeProfile } from '@fog/wire';
import { readProfile } from '../../src/connect/profile-flags.ts';

type Flags = Parameters<typeof readProfile>[0];

function profile(flags: Partial<Flags>): NodeProfile {
  const none = { type: undefined, region: undefined, at: undefined, label: [], price: undefined };
  return readProfile({ ...none, ...flags });
}

describe('what an owner says of a machine', () => {
  it('is a plain compute node when nothing is said', () => {
    assert.deepEqual(profile({}), { type: 'compute', labels: {} });
  });

  it('is a profile the contract takes', () => {
    const said = profile({
      type: 'edge_device',
      region: 'eu-west',
      at: '52.5,-13.4',
      label: ['disk=ssd'],
      price: 'cpu=0.5,gpu=2,spot=0.3',
    });
    assert.deepEqual(NodeProfile.parse(said), {
      type: 'edge_device',
      region: 'eu-west',
      coordinates: { latitude: 52.5, longitude: -13.4 },
      labels: { disk: 'ssd' },
      prices: { cpuHour: 500_000, gbHour: 0, gpuHour: 2_000_000, spotDiscount: 0.3 },
    });
  });

  it('is refused with one sentence', () => {
    const wrong: readonly [Partial<Flags>, RegExp][] = [
      [{ type: 'laptop' }, /^--type laptop: must be one of edge_device, relay/],
      [{ at: '95,0' }, /^--at 95,0: lies off the globe/],
      [{ label: ['ssd'] }, /^--label ssd: must be NAME=VALUE/],
      [{ region: 'EU' }, /^--region EU: must be a region name/],
      ...['', 'cpu', 'cpu=x', 'ram=1', 'cpu=1,cpu=2', 'spot=30', 'cpu=1=2', 'cpu=-1'].map(
        (price): [Partial<Flags>, RegExp] => [{ price }, /: must be like cpu=0\.5,gb=0\.01/],
      ),
    ];
    for (const [flags, message] of wrong) {
      assert.throws(() => profile(flags), { code: 'FOG_USAGE', message });
    }
  });
});
