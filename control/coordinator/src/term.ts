/** One term of leading: from recovering the store's state to the loss of the lease, of the store, or the stop. */
import { type LeaderLease, tryLead, type Store } from '@fog/store';
import { assemble, type Parts } from './assemble.ts';
import type { CoordinatorDeps } from './coordinator.ts';
import type { CoordinatorOptions } from './options.ts';
import { lastNumbers, recover } from './recover.ts';

/** What is led: the only one of its kind in a fog. */
export const LEADERSHIP = 'coordinator';

export interface Term {
  readonly parts: Parts;
  /** Stops all, and stores what is noted if that is still allowed. */
  end(): Promise<void>;
}

interface TermParts {
  readonly options: CoordinatorOptions;
  readonly deps: CoordinatorDeps;
  /** The term is over: the cause is the lost lease or a failed commit. Called once at most. */
  readonly onOver: (cause: unknown) => void;
}

/**
 * Undefined while another coordinator leads, or this one has no address yet. Everything of the term is
 * recovered when it resolves.
 */
export async function beginTerm(parts: TermParts, signal: AbortSignal): Promise<Term | undefined> {
  const { deps } = parts;
  const { candidate } = deps;
  const holder = candidate?.holder ?? 'sole';
  const address = candidate === undefined ? 'here' : candidate.address();
  if (address === undefined) return undefined;
  const lease = await tryLead({ name: LEADERSHIP, holder, address }, deps);
  if (lease === undefined) return undefined;
  try {
    return await lead(parts, lease, signal);
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function lead(
  { options, deps, onOver }: TermParts,
  lease: LeaderLease,
  signal: AbortSignal,
): Promise<Term> {
  const last = await lastNumbers(deps.store);
  signal.throwIfAborted();
  const fenced = { ...deps, store: fencedStore(deps.store, lease) };
  const parts = assemble(options, fenced, { last, onFailure: (error) => over(error) });
  await recover(parts.core);
  for (const job of parts.core.jobs.values()) await parts.needs.restore(job);
  signal.throwIfAborted();
  lease.lost.throwIfAborted();
  const lost = (): void => over(lease.lost.reason);
  lease.lost.addEventListener('abort', lost, { once: true });
  for (const job of parts.core.jobs.values()) parts.accept(job);
  for (const part of parts.timed) part.start();
  let isOver = false;
  function over(cause: unknown): void {
    if (!isOver) onOver(cause);
    isOver = true;
  }
  return {
    parts,
    end: async () => {
      isOver = true;
      lease.lost.removeEventListener('abort', lost);
      parts.dispatcher.stop();
      for (const part of parts.timed) part.stop();
      await parts.planThread.close();
      await parts.core.journal.close().catch(() => {});
      await lease.release();
    },
  };
}

/** Each transaction begins by proving that this coordinator still leads. */
function fencedStore(store: Store, lease: LeaderLease): Store {
  return {
    ...store,
    write: (work) =>
      store.write(async (trx) => {
        await lease.assertLeader(trx);
        return work(trx);
      }),
  };
}
