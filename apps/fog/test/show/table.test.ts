import assert from 'node:assert/strict';
import { it } from 'node:test';
import { table } from '../../src/show/table.ts';

it('columns stand below each other whatever the width of their characters', () => {
  const text = table([
    ['NAME', 'N', 'STATE'],
    ['attic', '1', 'idle'],
    ['日本語', '22', 'idle'],
    ['e\u0301te\u0301', '3', 'idle'],
    ['a\u202eb', '4', 'idle'],
  ]);
  assert.deepEqual(text.split('\n'), [
    'NAME    N   STATE',
    'attic   1   idle',
    '日本語  22  idle',
    'e\u0301te\u0301     3   idle',
    'a·b     4   idle',
    '',
  ]);
});
