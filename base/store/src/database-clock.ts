import { type RawBuilder, sql } from 'kysely';
import type { Store } from './store.ts';

/** Milliseconds since the Unix epoch by the clock of the database, which all its users share. */
export function databaseNowMs({ kind }: Pick<Store, 'kind'>): RawBuilder<number> {
  return kind === 'sqlite'
    ? sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
    : sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
}
