import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('evidence')
    .addColumn('owner', 'text', (c) => c.notNull().defaultTo(''))
    .execute();
  await db.schema
    .createTable('reputation')
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('rater', 'text', (c) => c.notNull())
    .addColumn('good', 'double precision', (c) => c.notNull())
    .addColumn('bad', 'double precision', (c) => c.notNull())
    .addColumn('events', 'double precision', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('day', 'bigint', (c) => c.notNull())
    .addColumn('said_today', 'double precision', (c) => c.notNull())
    .addColumn('last_evidence', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('reputation_key', ['node', 'kind', 'rater'])
    .execute();
}

export const reputation: Migration = { up };
