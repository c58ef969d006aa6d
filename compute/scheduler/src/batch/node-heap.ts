/** Nodes by what they were last found to add to a score; the least is at the top. */
export class NodeHeap {
  readonly #nodes: number[] = [];
  readonly #scores: number[] = [];

  get top(): number | undefined {
    return this.#nodes[0];
  }

  /** The least score but that of the top. */
  get second(): number {
    return Math.min(this.#scores[1] ?? Infinity, this.#scores[2] ?? Infinity);
  }

  push(node: number, score: number): void {
    let at = this.#nodes.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#scores[parent] as number) <= score) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#nodes[at] = node;
    this.#scores[at] = score;
  }

  /** Gives the top another score, and it sinks to its place. */
  settle(score: number): void {
    const node = this.#nodes[0] as number;
    const { length } = this.#nodes;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      const other = this.#scores[child + 1] ?? Infinity;
      if (other < (this.#scores[child] as number)) child += 1;
      if ((this.#scores[child] as number) >= score) break;
      this.#move(child, at);
      at = child;
    }
    this.#nodes[at] = node;
    this.#scores[at] = score;
  }

  #move(from: number, to: number): void {
    this.#nodes[to] = this.#nodes[from] as number;
    this.#scores[to] = this.#scores[from] as number;
  }
}
