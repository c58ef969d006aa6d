/** Takes peeled packets off the rings on the main thread whenever a peel thread says there are some. */
import { CONTROL, type PeelShared, WORKER_WORD, workerLine } from './peel-shared.ts';

export class PeelPump {
  readonly #shared: PeelShared;
  readonly #finish: (entry: number) => void;
  readonly #mask: number;
  readonly #taken: Int32Array;
  #running = false;

  constructor(shared: PeelShared, finish: (entry: number) => void) {
    this.#shared = shared;
    this.#finish = finish;
    this.#mask = shared.ringSize - 1;
    this.#taken = new Int32Array(shared.doneRings.length);
  }

  start(): void {
    this.#running = true;
    this.#wait();
  }

  stop(): void {
    const { control } = this.#shared;
    this.#running = false;
    Atomics.add(control, CONTROL.wakes, 1);
    Atomics.notify(control, CONTROL.wakes);
  }

  /** Looks once more after saying that it waits: what was finished in between woke nobody. */
  readonly #wait = (): void => {
    const { control } = this.#shared;
    while (this.#running) {
      const seen = Atomics.load(control, CONTROL.wakes);
      Atomics.store(control, CONTROL.mainWaits, 1);
      if (this.drain()) continue;
      const wake = Atomics.waitAsync(control, CONTROL.wakes, seen);
      if (!wake.async) continue;
      void wake.value.then(this.#wait);
      return;
    }
  };

  /** Takes what is done now; true when there was any. */
  drain(): boolean {
    const { control, doneRings } = this.#shared;
    let any = false;
    for (let worker = 0; worker < doneRings.length; worker += 1) {
      const ring = doneRings[worker] as Int32Array;
      const until = Atomics.load(control, workerLine(worker) + WORKER_WORD.done);
      while (this.#taken[worker] !== until) {
        const at = this.#taken[worker] ?? 0;
        this.#taken[worker] = (at + 1) | 0;
        this.#finish(ring[at & this.#mask] ?? 0);
        any = true;
      }
    }
    return any;
  }
}
