import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JobSpec } from '@fog/wire';
import { command } from '../../src/commands/run.ts';
import { parseFlags } from '../../src/command/parse-flags.ts';
import { type DemandFlags, readDemands } from '../../src/run/demand-flags.ts';
import type { Wishes } from '../../src/run/wishes.ts';

const NOW = 1_000_000;
const JOB = 'jabcdefghijkl';

function demands(words: readonly string[]): Wishes {
  const { flags } = parseFlags(command, [...words, 'a.wasm']);
  return readDemands(flags as unknown as DemandFlags, NOW);
}

describe('flags of fog run for its demands', () => {
  it('are nothing when none is given', () => {
    assert.deepEqual(demands([]), { spec: {}, exclude: [] });
  });

  it('become fields of a spec the contract takes', () => {
    const line =
      '--priority 1 --deadline 10m --class S --strict --tier gold --strategy random --privacy private ' +
      '--region eu --cores 2 --disk 1G --gpus 1 --min-trust 0.5 --max-price 3 --on-lost fail ' +
      '--allow-same-owner --label zone=a --label ssd= --exclude n1 ' +
      `--needs ${JOB} --needs ${JOB}:stdout=in.txt --needs ${JOB}:/output/a=b/a`;
    const { spec, exclude } = demands(line.split(' '));
    assert.deepEqual(spec, {
      class: 'S',
      tier: 'gold',
      strategy: 'random',
      privacy: 'private',
      priority: 1,
      deadlineAt: NOW + 600_000,
      region: 'eu',
      minTrust: 0.5,
      maxPrice: 3_000_000,
      disconnect: { onLost: 'fail' },
      determinism: 'strict',
      allowSameOwner: true,
      labels: { zone: 'a', ssd: '' },
      resources: { cores: 2, diskBytes: 2 ** 30, gpus: 1 },
      needs: [
        {
          job: JOB,
          outputs: [
            { from: 'stdout', index: 0, to: 'in.txt' },
            { from: '/output/a', index: 0, to: 'b/a' },
          ],
        },
      ],
    });
    assert.deepEqual(exclude, ['n1']);
    JobSpec.parse({ ...spec, runtime: 'wasm', module: 'a'.repeat(64), moduleName: 'a.wasm' });
  });

  it('are refused with one sentence', () => {
    const wrong: readonly [readonly string[], RegExp][] = [
      [['--label', 'zone'], /^--label zone: must be NAME=VALUE\.$/],
      [['--label', 'Zone=a'], /^--label Zone=a: must be NAME=VALUE, the name like zone/],
      [['--needs', 'prepare'], /^--needs prepare: must be JOB or JOB:FROM=TO/],
      [['--needs', `${JOB}:stdout`], /must be JOB or JOB:FROM=TO/],
      [['--needs', `${JOB}:stdout=../up`], /TO a clean path/],
    ];
    for (const [words, message] of wrong) {
      assert.throws(() => demands(words), { code: 'FOG_USAGE', message });
    }
    const labels = Array.from({ length: 33 }, (_, n) => ['--label', `l${n}=1`]).flat();
    assert.throws(() => demands(labels), { message: /at most 32 labels/ });
  });
});
