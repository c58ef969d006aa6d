import type { JobEvent } from '@fog/wire';

/** Events read at once: with their causes they stay well below what may wait for one reader. */
const REPLAY_PAGE = 200;

interface ReplayTo {
  /** The last event that was heard before. */
  readonly after: number;
  readonly tell: (event: JobEvent) => void;
  /** Resolves when the reader can take more; false when it is gone. */
  readonly drained: () => Promise<boolean>;
}

/** Stored events with a number above `after`, the lowest first. */
type ReadEvents = (query: {
  readonly after: number;
  readonly limit: number;
}) => Promise<JobEvent[]>;

/**
 * What was stored since an event, then what happens, without gap or double. Events are stored before they
 * are announced, so one that is offered during the replay is found in the store.
 */
export class EventReplay {
  readonly #to: ReplayTo;
  #told: number;
  #newest = 0;
  #isLive = false;

  constructor(to: ReplayTo) {
    this.#to = to;
    this.#told = to.after;
  }

  /** An event that happens now. */
  offer(event: JobEvent): void {
    if (event.seq <= this.#told) return;
    if (this.#isLive) this.#to.tell(event);
    else this.#newest = Math.max(this.#newest, event.seq);
  }

  /** Resolves when all that was stored is told, and from then on what happens is told at once. */
  async run(read: ReadEvents): Promise<void> {
    for (;;) {
      const page = await read({ after: this.#told, limit: REPLAY_PAGE });
      for (const event of page) this.#to.tell(event);
      this.#told = page.at(-1)?.seq ?? this.#told;
      if (page.length === 0 && this.#newest <= this.#told) {
        this.#isLive = true;
        return;
      }
      if (page.length > 0 && !(await this.#to.drained())) return;
    }
  }
}
