import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { fail } from './errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Database } from './schema.ts';

/** Under the database's own lock, so that programs starting at once do it once. Throws STORE_NEWER. */
export async function migrate(db: Kysely<Database>, place: string): Promise<void> {
  const unknown = (await appliedMigrations(db)).filter((name) => !(name in MIGRATIONS));
  if (unknown.length > 0) {
    throw fail('STORE_NEWER', {
      message: `The database ${place} was written by a newer fog (it knows ${unknown.join(', ')}). Update this program, or use another database.`,
      details: { unknown },
    });
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name);
}
