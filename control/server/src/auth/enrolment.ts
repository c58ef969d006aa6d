/** Join codes: short-lived secrets that let machines enrol as workers of the account that made them. */
import { randomSecret, secretHash } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import type { Store, WriteWork } from '@fog/store';
import type { JoinCode } from '@fog/wire';
import { fail } from '../errors.ts';
import { JOIN_CODE_LIFE_MS, JOIN_CODE_MEMORY_MS, JOIN_CODE_USES } from './limits.ts';

type Transaction = Parameters<WriteWork<unknown>>[0];

export interface Enrolment {
  issue(account: string): Promise<JoinCode>;
  /** The account a node belongs to; undefined when it has not enrolled. */
  owner(node: string): Promise<string | undefined>;
  /**
   * Enrols the node for the account of the code and returns that account. A node that has enrolled
   * stays with its owner and uses nothing up. Throws JOIN_CODE_UNKNOWN, JOIN_CODE_EXPIRED, JOIN_CODE_USED_UP.
   */
  enrol(node: string, code: string): Promise<string>;
}

const CODE_PREFIX = 'fog_jc_';

export function createEnrolment(store: Store, clock: Clock): Enrolment {
  return {
    issue: async (account) => {
      const code = randomSecret(CODE_PREFIX);
      const now = clock.now();
      const expiresAt = now + JOIN_CODE_LIFE_MS;
      await store.write(async (trx) => {
        await trx
          .deleteFrom('join_code')
          .where('expires_at', '<', now - JOIN_CODE_MEMORY_MS)
          .execute();
        await trx
          .insertInto('join_code')
          .values({
            hash: secretHash(code),
            account,
            uses_left: JOIN_CODE_USES,
            expires_at: expiresAt,
            created_at: now,
          })
          .execute();
      });
      return { code, expiresAt, uses: JOIN_CODE_USES };
    },
    owner: async (node) => {
      const row = await store.db
        .selectFrom('node_owner')
        .select('account')
        .where('node', '=', node)
        .executeTakeFirst();
      return row?.account;
    },
    enrol: async (node, code) => {
      // Not thrown inside: a failing work is run again, alone, and its whole group with it.
      const account = await store.write((trx) => enrol(trx, node, secretHash(code), clock.now()));
      if (typeof account === 'string') return account;
      throw account;
    },
  };
}

/** The account, or why the code is not good for one. */
async function enrol(
  trx: Transaction,
  node: string,
  hash: string,
  now: number,
): Promise<string | Error> {
  const owner = await trx
    .selectFrom('node_owner')
    .select('account')
    .where('node', '=', node)
    .executeTakeFirst();
  if (owner !== undefined) return owner.account;
  // One statement checks and uses the code: two nodes cannot share its last use.
  const used = await trx
    .updateTable('join_code')
    .set((row) => ({ uses_left: row('uses_left', '-', 1) }))
    .where('hash', '=', hash)
    .where('uses_left', '>', 0)
    .where('expires_at', '>', now)
    .returning('account')
    .executeTakeFirst();
  if (used === undefined) return whyNot(trx, hash, now);
  await trx
    .insertInto('node_owner')
    .values({ node, account: used.account, enrolled_at: now })
    .execute();
  return used.account;
}

async function whyNot(trx: Transaction, hash: string, now: number): Promise<Error> {
  const row = await trx
    .selectFrom('join_code')
    .select(['uses_left', 'expires_at'])
    .where('hash', '=', hash)
    .executeTakeFirst();
  if (row === undefined) return fail('JOIN_CODE_UNKNOWN');
  return fail(row.expires_at <= now ? 'JOIN_CODE_EXPIRED' : 'JOIN_CODE_USED_UP');
}
