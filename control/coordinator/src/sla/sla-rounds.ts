/** What the measures of service levels need by the clock: late jobs are looked for, counts are stored. */
import { errorMessage } from '@fog/kernel';
import type { Core } from '../core.ts';
import { lookAtWaiting } from './notes.ts';
import { windowRow } from './window-row.ts';

/** How late a long wait may be noticed, and what a crash may lose of the counts. */
const LOOK_EVERY_MS = 1_000;
/** How often what is too old is dropped. */
const PRUNE_EVERY_MS = 600_000;

export class SlaRounds {
  readonly #core: Core;
  readonly #timers: (() => void)[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  start(): void {
    const { clock } = this.#core;
    const look = (): void => {
      lookAtWaiting(this.#core);
      this.#store();
    };
    look();
    this.#timers.push(clock.every(LOOK_EVERY_MS, look));
    this.#timers.push(clock.every(PRUNE_EVERY_MS, () => this.#prune()));
  }

  stop(): void {
    for (const stop of this.#timers.splice(0)) stop();
    this.#store();
  }

  #store(): void {
    const rows = this.#core.sla.book.takeChanged().map(windowRow);
    if (rows.length === 0) return;
    const stored = this.#core.store.write(async (trx) => {
      await trx
        .insertInto('sla_window')
        .values(rows)
        .onConflict((c) =>
          c.columns(['tier', 'since']).doUpdateSet((e) => ({ counts: e.ref('excluded.counts') })),
        )
        .execute();
    });
    this.#warn(stored);
  }

  #prune(): void {
    const oldest = this.#core.sla.book.prune(this.#core.clock.now());
    const pruned = this.#core.store.write(async (trx) => {
      await trx.deleteFrom('sla_window').where('since', '<', oldest).execute();
    });
    this.#warn(pruned);
  }

  #warn(written: Promise<void>): void {
    written.catch((error: unknown) => {
      this.#core.logger.warn('measures of service levels were not stored', {
        cause: errorMessage(error),
      });
    });
  }
}
