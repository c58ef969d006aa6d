import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sla_window')
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('counts', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('sla_window_key', ['tier', 'since'])
    .execute();
  await db.schema
    .createTable('sla_breach')
    .addColumn('job', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('tier', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('value', 'double precision', (c) => c.notNull())
    .addColumn('promised', 'double precision', (c) => c.notNull())
    .addColumn('node', 'text')
    .addColumn('time', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('sla_breach_key', ['job', 'kind'])
    .execute();
  await db.schema
    .createIndex('sla_breach_by_owner')
    .on('sla_breach')
    .columns(['owner', 'time'])
    .execute();
  await db.schema.createIndex('sla_breach_by_time').on('sla_breach').column('time').execute();
  await db.schema
    .createTable('node_price')
    .addColumn('node', 'text', (c) => c.primaryKey())
    .addColumn('prices', 'text', (c) => c.notNull())
    .addColumn('set_at', 'bigint', (c) => c.notNull())
    .execute();
}

export const sla: Migration = { up };
