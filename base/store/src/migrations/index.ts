import type { Migration } from 'kysely/migration';
import { jobsAndNodes } from './001-jobs-and-nodes.ts';

/** In order; a migration that shipped is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-jobs-and-nodes': jobsAndNodes,
};
