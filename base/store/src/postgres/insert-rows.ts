import type { Transaction } from 'kysely';
import type { InsertRows } from '../rows-insert.ts';

/** Rows in one statement: well below PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 500;

/** Kysely cannot follow a table that is a type parameter; `InsertRows` has checked the rows. */
type AnyTable = Transaction<Record<string, Record<string, unknown>>>;

/** Few statements of many rows: each is a round trip. */
export const insertManyRows: InsertRows = async (trx, { table, rows, conflict }) => {
  const into: string = table;
  const values = rows as unknown as readonly Record<string, unknown>[];
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const insert = (trx as unknown as AnyTable)
      .insertInto(into)
      .values(values.slice(from, from + ROWS_PER_STATEMENT));
    if (conflict === undefined) {
      await insert.execute();
      continue;
    }
    const { columns, update } = conflict;
    await insert
      .onConflict((c) => {
        const on = c.columns(columns);
        if (update.length === 0) return on.doNothing();
        return on.doUpdateSet((e) =>
          Object.fromEntries(update.map((column) => [column, e.ref(`excluded.${column}`)])),
        );
      })
      .execute();
  }
};
