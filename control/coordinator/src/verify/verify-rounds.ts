/** What verification does by the clock. */
import type { Core } from '../core.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { askKnownAnswer } from './known-answers.ts';
import { judgePresence, lastWindow } from './presence.ts';
import { review, reviewDoubted } from './tally.ts';

/** How soon it is noticed that no second owner is left to confirm a failure. */
const LOOK_EVERY_MS = 1_000;
/** One newcomer is asked a known answer this often: rare enough to cost a fleet nothing. */
const ASK_EVERY_MS = 30_000;
/** How late the end of a window of presence may be noticed; the nodes are back by then if the leader has just changed. */
const JUDGE_EVERY_MS = 60_000;

export class VerifyRounds {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;
  readonly #timers: (() => void)[] = [];

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  /** Also goes on with the votes that were under way when the coordinator stopped. */
  start(): void {
    const { clock, jobs } = this.#core;
    for (const job of jobs.values()) {
      for (const index of job.ballots.keys()) review(this.#core, this.#dispatcher, job, index);
    }
    const look = (): void => reviewDoubted(this.#core, this.#dispatcher);
    this.#timers.push(clock.every(LOOK_EVERY_MS, look));
    const ask = (): void => askKnownAnswer(this.#core, this.#dispatcher);
    this.#timers.push(clock.every(ASK_EVERY_MS, ask));
    let window = lastWindow(this.#core);
    const judge = (): void => {
      window = judgePresence(this.#core, window);
    };
    this.#timers.push(clock.every(JUDGE_EVERY_MS, judge));
  }

  stop(): void {
    for (const stop of this.#timers.splice(0)) stop();
    this.#core.verify.reruns.stop();
  }
}
