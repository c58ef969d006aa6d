import assert from 'node:assert/strict';
import { it } from 'node:test';
import { agree } from './agree.ts';

it('two implementations agree on 100 random packets, hop by hop', () => {
  const { packets, verdicts } = agree(100, 20_261);
  assert.equal(packets, 100);
  assert.ok((verdicts['ok'] ?? 0) > 300);
  assert.ok((verdicts['bad-mac'] ?? 0) > 0);
});
