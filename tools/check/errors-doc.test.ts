import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  disagreements,
  documentProblems,
  ERROR_TABLES,
  ERRORS_DOC,
  renewRows,
  tableRows,
  unusedCodes,
  type DocumentedCode,
} from './errors-doc.ts';
import { readTable } from './markdown-table.ts';
import { productPackages, readSource } from './workspace.ts';

/** Fewer codes mean that the check looked in the wrong place. */
const LEAST: Readonly<Record<string, number>> = { errors: 20, failures: 14 };

const CODE: DocumentedCode = {
  code: 'STORE_LOCKED',
  kind: 'conflict',
  meaning: 'In use.',
  table: 'base/store/src/errors.ts',
};
const ROW = ['`STORE_LOCKED`', 'conflict', 'In use.', 'Stop the other one.'];

describe('error codes', () => {
  const packages = productPackages();

  for (const { name, codes } of ERROR_TABLES) {
    it(`${name} are documented with kind, meaning and remedy, and none is dead`, async () => {
      const found = await codes(packages);
      const { rows } = readTable(readSource(ERRORS_DOC).text, name);
      assert.deepEqual(documentProblems(rows, found), []);
      assert.ok(found.length >= (LEAST[name] ?? 1), `saw only ${found.length} ${name}`);
    });

    it(`${name} are each thrown and tested`, async () => {
      assert.deepEqual(unusedCodes(await codes(packages), packages), []);
    });
  }

  it('shared by two packages mean the same in both', async () => {
    assert.deepEqual(disagreements(await tableRows(packages)), []);
    const other = { ...CODE, table: 'base/none/src/errors.ts' };
    assert.deepEqual(disagreements([CODE, other]), []);
    assert.match(disagreements([CODE, { ...other, kind: 'bug' }]).join(), /STORE_LOCKED means/);
  });
});

describe('documentProblems', () => {
  it('accepts a row that says what the table says', () => {
    assert.deepEqual(documentProblems([ROW], [CODE]), []);
  });

  it('finds a code that is missing, dead, changed, unsorted or without remedy', () => {
    const other = { ...CODE, code: 'STORE_ABSENT' };
    const otherRow = ['`STORE_ABSENT`', 'conflict', 'In use.', 'Wait.'];
    assert.match(documentProblems([], [CODE])[0] ?? '', /not documented/);
    assert.match(documentProblems([ROW], [])[0] ?? '', /does not exist/);
    assert.match(documentProblems([ROW], [{ ...CODE, kind: 'bug' }])[0] ?? '', /wrongly/);
    assert.match(documentProblems([ROW.with(3, '')], [CODE])[0] ?? '', /without a remedy/);
    assert.match(documentProblems([ROW, otherRow], [other, CODE])[0] ?? '', /not sorted/);
  });
});

describe('renewRows', () => {
  it('keeps remedies and takes the rest from the table', () => {
    const renewed = renewRows(
      [ROW],
      [
        { ...CODE, meaning: 'Held.' },
        { ...CODE, code: 'STORE_X' },
      ],
    );
    assert.deepEqual(renewed, [
      ['`STORE_LOCKED`', 'conflict', 'Held.', 'Stop the other one.'],
      ['`STORE_X`', 'conflict', 'In use.', ''],
    ]);
  });
});

describe('unusedCodes', () => {
  it('finds a code that nothing throws or tests', () => {
    const code = ['STORE', 'NEVER', 'THROWN'].join('_');
    const problems = unusedCodes([{ ...CODE, code }], productPackages());
    assert.match(problems.join('\n'), /thrown nowhere[^]*appears in no test/);
  });
});
