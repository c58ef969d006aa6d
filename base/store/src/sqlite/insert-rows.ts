import type { SqliteDatabase } from 'kysely';
import type { InsertRows } from '../rows-insert.ts';

/**
 * One prepared statement, run once a row: in a transaction that costs a tenth of composing and compiling a
 * statement of many rows. The transaction is the connection's, so its handle is not needed.
 */
export function insertRowByRow(database: SqliteDatabase): InsertRows {
  return async (_trx, { table, rows, conflict }) => {
    const [first] = rows;
    if (first === undefined) return;
    const columns = Object.keys(first) as (keyof typeof first & string)[];
    const statement = database.prepare(insertText(table, columns, conflict));
    for (const row of rows) statement.run(columns.map((column) => row[column]));
  };
}

/** Names are the schema's own: nothing in them needs escaping. */
function insertText(
  table: string,
  columns: readonly string[],
  conflict: { readonly columns: readonly string[]; readonly update: readonly string[] } | undefined,
): string {
  const values = columns.map(() => '?').join(', ');
  const insert = `insert into "${table}" (${quoted(columns)}) values (${values})`;
  if (conflict === undefined) return insert;
  const set = conflict.update.map((column) => `"${column}" = excluded."${column}"`).join(', ');
  const action = set === '' ? 'nothing' : `update set ${set}`;
  return `${insert} on conflict (${quoted(conflict.columns)}) do ${action}`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
