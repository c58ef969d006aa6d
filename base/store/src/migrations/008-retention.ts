import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  // From now on this is when it was last used; of what is there no earlier use is known than the last job.
  const lastJob = sql`(select coalesce(max(created_at), 0) from job)`;
  await sql`update content_ref set created_at = ${lastJob} where created_at < ${lastJob}`.execute(
    db,
  );
  await db.schema
    .createTable('unused_blob')
    .addColumn('content', 'text', (c) => c.primaryKey())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('removing', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('unused_blob_by_age').on('unused_blob').column('since').execute();
  await db.schema
    .createIndex('content_ref_by_age')
    .on('content_ref')
    .column('created_at')
    .execute();
  await db.schema
    .createIndex('content_ref_by_content')
    .on('content_ref')
    .column('content')
    .execute();
  await db.schema
    .createIndex('lease_upload_by_content')
    .on('lease_upload')
    .column('content')
    .execute();
}

export const retention: Migration = { up };
