import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeTrust } from '@fog/wire';
import { trustText } from '../../src/show/trust-text.ts';

const PIPE = { isTerminal: false, columns: 80 };
const TRUST = NodeTrust.parse({
  node: 'a'.repeat(26),
  use: 'work',
  score: 0.91234,
  lower: 0.85678,
  effective: 21.26,
  newcomer: false,
  checked: 0.047,
  kinds: [{ kind: 'result', good: 20, bad: 5, credible: 16.2 }],
  gates: [
    { gate: 'class A', needs: 0.85, passes: true },
    { gate: 'class S', needs: 0.95, passes: false },
  ],
  recounted: true,
  evidence: [
    {
      id: 1,
      time: 0,
      kind: 'result',
      good: false,
      weight: 5,
      rater: 'fog',
      source: { job: 'jabc', index: 3, token: 9, expected: 'ff' },
    },
  ],
});

test('trust is shown with the gates it passes and what it rests on', () => {
  const text = trustText(TRUST, 'attic', PIPE);
  assert.match(text, /^node +attic \(a{26}\)$/m);
  assert.match(text, /^at least +0\.857 /m);
  assert.match(text, /^checked +5 % /m);
  assert.match(text, /^gates +class A \(0\.85\) yes, class S \(0\.95\) no$/m);
  assert.match(text, /^recounted .*the same numbers$/m);
  assert.match(text, /^result +20\.0 +16\.2 +5\.0$/m);
  assert.match(text, / result +bad +5 +fog +job jabc, index 3, token 9$/m);
  assert.doesNotMatch(text, /newcomer|undefined/);
});

test('a relay has neither gates nor results to check', () => {
  const { checked: _, ...rest } = TRUST;
  const source = { network: 'net', epoch: 7, consensus: 'ff', counts: { lossPpm: 5 } };
  const evidence = [
    { id: 1, time: 0, kind: 'relay_loss', good: false, weight: 1, rater: 'fog', source },
  ];
  const text = trustText({ ...rest, use: 'relay', gates: [], evidence }, 'b', PIPE);
  assert.match(text, /^relay +b \(a{26}\)$/m);
  assert.match(text, /share of epochs without loss/);
  assert.match(text, / relay_loss +bad +1 +fog +network net, epoch 7$/m);
  assert.doesNotMatch(text, /gates|checked|undefined/);
});

test('of an unknown node there is little to show', () => {
  const { recounted: _, ...rest } = TRUST;
  const text = trustText({ ...rest, newcomer: true, kinds: [], evidence: [] }, 'new', PIPE);
  assert.match(text, /^newcomer +yes/m);
  assert.match(text, /^recounted +not now/m);
  assert.match(text, /Nothing has been seen/);
  const changed = trustText({ ...rest, recounted: false }, 'new', PIPE);
  assert.match(changed, /OTHER numbers/);
});
