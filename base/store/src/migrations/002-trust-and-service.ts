import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await extendNodes(db);
  await extendJobs(db);
  await createEvidence(db);
  await createDeployments(db);
  await db.schema
    .createTable('topology_snapshot')
    .addColumn('time', 'bigint', (c) => c.primaryKey())
    .addColumn('snapshot', 'text', (c) => c.notNull())
    .execute();
}

async function extendNodes(db: Kysely<unknown>): Promise<void> {
  const node = db.schema.alterTable('node');
  await node
    .addColumn('profile', 'text', (c) => c.notNull().defaultTo('{"type":"compute","labels":{}}'))
    .execute();
  await node.addColumn('mode', 'text', (c) => c.notNull().defaultTo('accepting')).execute();
  await node.addColumn('rtt_ms', 'double precision').execute();
  await node.addColumn('bandwidth_mbps', 'double precision').execute();
  await node.addColumn('failures', 'integer', (c) => c.notNull().defaultTo(0)).execute();
  await node.addColumn('cool_until', 'bigint').execute();
}

async function extendJobs(db: Kysely<unknown>): Promise<void> {
  const job = db.schema.alterTable('job');
  await job.addColumn('deployment', 'text').execute();
  await job.addColumn('replica', 'integer').execute();
  await job.addColumn('revision', 'integer').execute();
  await db.schema.createIndex('job_by_deployment').on('job').column('deployment').execute();
  const attempt = db.schema.alterTable('attempt');
  await attempt.addColumn('kind', 'text', (c) => c.notNull().defaultTo('first')).execute();
  await attempt.addColumn('digest', 'text').execute();
  await attempt.addColumn('batch', 'bigint').execute();
}

async function createEvidence(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('result_batch')
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('digests', 'text', (c) => c.notNull())
    .addColumn('signature', 'text', (c) => c.notNull())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('evidence')
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('time', 'bigint', (c) => c.notNull())
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('good', 'integer', (c) => c.notNull())
    .addColumn('weight', 'double precision', (c) => c.notNull())
    .addColumn('rater', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('evidence_by_node').on('evidence').columns(['node', 'id']).execute();
}

async function createDeployments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deployment')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('deployment_by_name')
    .on('deployment')
    .columns(['owner', 'name'])
    .unique()
    .execute();
}

export const trustAndService: Migration = { up };
