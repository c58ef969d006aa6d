import { isFogError } from '@fog/kernel';
import type { Kysely, Transaction } from 'kysely';
import { fail } from './errors.ts';
import type { Database } from './schema.ts';

interface Pending {
  run(trx: Transaction<Database>): Promise<void>;
  succeed(): void;
  fail(error: unknown): void;
}

export interface GroupCommit {
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
  /** Commits what is pending, then refuses. */
  close(): Promise<void>;
}

/** One transaction, and so one fsync, for all works handed in during one event-loop turn. */
export function createGroupCommit(db: Kysely<Database>): GroupCommit {
  let pending: Pending[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  async function drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const group = pending;
      pending = [];
      await commitGroup(db, group);
    }
    running = undefined;
  }

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(fail('STORE_CLOSED'));
          return;
        }
        let result: Awaited<ReturnType<typeof work>>;
        pending.push({
          run: async (trx) => {
            result = await work(trx);
          },
          succeed: () => resolve(result),
          fail: reject,
        });
        running ??= drain();
      }),
    close: async () => {
      closed = true;
      await running;
    },
  };
}

async function commitGroup(db: Kysely<Database>, group: readonly Pending[]): Promise<void> {
  let committing = false;
  try {
    await db.transaction().execute(async (trx) => {
      for (const work of group) await work.run(trx);
      committing = true;
    });
  } catch (error) {
    if (isFogError(error, 'STORE_UNREACHABLE')) {
      const told = committing ? outcomeUnknown(error) : error;
      for (const work of group) work.fail(told);
    } else if (group.length === 1) group[0]?.fail(error);
    else for (const work of group) await commitGroup(db, [work]);
    return;
  }
  for (const work of group) work.succeed();
}

function outcomeUnknown(cause: Error): Error {
  return fail('STORE_COMMIT_UNKNOWN', {
    message: `Whether the last change is stored is not known: ${cause.message}`,
    cause,
  });
}
