import type { Migration } from 'kysely/migration';
import { jobsAndNodes } from './001-jobs-and-nodes.ts';
import { trustAndService } from './002-trust-and-service.ts';
import { leadership } from './003-leadership.ts';
import { verification } from './004-verification.ts';
import { reputation } from './005-reputation.ts';
import { placement } from './006-placement.ts';
import { sla } from './007-sla.ts';
import { retention } from './008-retention.ts';

/** In order; a migration that shipped is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-jobs-and-nodes': jobsAndNodes,
  '002-trust-and-service': trustAndService,
  '003-leadership': leadership,
  '004-verification': verification,
  '005-reputation': reputation,
  '006-placement': placement,
  '007-sla': sla,
  '008-retention': retention,
};
