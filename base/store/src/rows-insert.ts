import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Whole rows for one table. */
export interface RowsInsert<Table extends keyof Database> {
  readonly table: Table;
  readonly rows: readonly Database[Table][];
  /** What happens to a row whose `columns` are there already; without it the commit fails. */
  readonly conflict?: {
    readonly columns: readonly (keyof Database[Table] & string)[];
    /** Columns that take the new value; empty: the row stays as it was. */
    readonly update: readonly (keyof Database[Table] & string)[];
  };
}

export type InsertRows = <Table extends keyof Database>(
  trx: Transaction<Database>,
  insert: RowsInsert<Table>,
) => Promise<void>;
