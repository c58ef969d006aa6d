import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findLimits,
  limitProblems,
  limitRows,
  LIMITS_DOC,
  LIMITS_TABLE,
  productSource,
} from './limits.ts';
import { readTable } from './markdown-table.ts';
import { productPackages, readSource } from './workspace.ts';

/** Fewer limits mean that the check looked in the wrong place. */
const LEAST = 20;

const SOURCE = `
/** One uploaded blob. */
export const MAX_BLOB_BYTES = 16 * UNIT;
const UNIT = 1024;
// Proxies cut
// at 60 s.
const WAIT_MS = 30_000;
const MAX_TRIES = 3; // Enough for a blink.

const DEFAULT_NAME = 'fog';
const RETRY_LIMIT = MAX_TRIES + 1;
`;

describe('limits', () => {
  it('of the product are listed with value and reason', () => {
    const limits = findLimits(productSource(productPackages()));
    const { rows } = readTable(readSource(LIMITS_DOC).text, LIMITS_TABLE);
    assert.deepEqual(limitProblems(rows, limits), []);
    assert.ok(limits.length >= LEAST, `saw only ${limits.length} limits`);
  });

  it('are read with their value and the comment above or beside them', () => {
    assert.deepEqual(findLimits([{ path: 'a.ts', text: SOURCE }]), [
      { name: 'MAX_BLOB_BYTES', value: 16_384, file: 'a.ts', reason: 'One uploaded blob.' },
      { name: 'WAIT_MS', value: 30_000, file: 'a.ts', reason: 'Proxies cut at 60 s.' },
      { name: 'MAX_TRIES', value: 3, file: 'a.ts', reason: 'Enough for a blink.' },
      { name: 'RETRY_LIMIT', value: 4, file: 'a.ts', reason: '' },
    ]);
  });

  it('without a reason, changed or gone are found', () => {
    const [blob, , , retry] = findLimits([{ path: 'a.ts', text: SOURCE }]);
    assert.ok(blob !== undefined && retry !== undefined);
    assert.deepEqual(limitProblems(limitRows([blob]), [blob]), []);
    assert.match(limitProblems(limitRows([retry]), [retry]).join(), /RETRY_LIMIT .* no comment/);
    assert.match(limitProblems([], [blob]).join(), /not in the table/);
    assert.match(limitProblems(limitRows([{ ...blob, value: 1 }]), [blob]).join(), /not in source/);
  });
});
