import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('node').addColumn('node_key', 'text').execute();
  await db.schema.alterTable('attempt').addColumn('runtime_version', 'text').execute();
  await db.schema.alterTable('task_result').addColumn('verification', 'text').execute();
}

export const verification: Migration = { up };
