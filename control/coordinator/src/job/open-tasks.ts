import { DueWork } from '../sla/due-work.ts';

/** Running totals of tasks that have not ended, all together and by account; and of what is due by when. */
export class OpenTasks {
  readonly due: DueWork = new DueWork();
  readonly #byOwner = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(owner: string): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  add(owner: string, count: number): void {
    this.#total += count;
    const left = this.of(owner) + count;
    if (left === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, left);
  }
}
