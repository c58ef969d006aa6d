/** Running totals of tasks that have not ended, all together and by account. */
export class OpenTasks {
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
