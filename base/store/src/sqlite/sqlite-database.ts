/** `node:sqlite` in the shape Kysely's SQLite dialect drives, with prepared statements kept. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { storable } from '../storable.ts';

/** Distinct SQL texts kept prepared; multi-row inserts make one text per row count. */
const MAX_PREPARED = 256;

const NOTHING: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** `explain` turns an error of SQLite into the one to throw. */
export function kyselyDatabase(
  database: DatabaseSync,
  explain: (error: unknown) => unknown,
): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => {
      prepared.clear();
      database.close();
    },
    prepare: (sql) => {
      // A full disk ends the transaction by itself; a rollback would then hide why.
      if (sql === 'rollback' && !database.isTransaction) return NOTHING;
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = kyselyStatement(database.prepare(sql), explain);
      if (prepared.size >= MAX_PREPARED) prepared.delete(prepared.keys().next().value ?? '');
      prepared.set(sql, statement);
      return statement;
    },
  };
}

function kyselyStatement(
  statement: StatementSync,
  explain: (error: unknown) => unknown,
): SqliteStatement {
  const explained = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw explain(error);
    }
  };
  const values = (parameters: readonly unknown[]): SQLInputValue[] =>
    parameters.map(storable) as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => explained(() => statement.all(...values(parameters))),
    run: (parameters) => explained(() => statement.run(...values(parameters))),
    iterate: (parameters) => explained(() => statement.iterate(...values(parameters))),
  };
}
