import type { FloatShape } from './float-operations.ts';

/** A value on the operand stack whose bits nobody can tell from canonical ones: anything but the two below. */
export const PLAIN = 0;

/**
 * Finds the float results of one function whose NaN bits could be seen. A result that is only compared, calculated with
 * or dropped need not be made canonical, and neither need one that goes into local variables which are only so
 * used. The origin of a value is `n + 1` for result n, `-(x + 1)` for what local x held.
 */
export class NanFlow {
  readonly #shapes: FloatShape[] = [];
  #seenResults: Uint8Array = new Uint8Array();
  #seenLocals: Uint8Array = new Uint8Array();
  readonly #seen: number[] = [];
  /** Origins, and the locals they were written to. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  begin(): void {
    this.#shapes.length = 0;
    this.#seen.length = 0;
    this.#from.length = 0;
    this.#to.length = 0;
  }

  /** A new arithmetic result; gives its origin. */
  result(shape: FloatShape): number {
    return this.#shapes.push(shape);
  }

  /** What a read of a float local leaves on the stack. */
  read(local: number): number {
    return -(local + 1);
  }

  write(origin: number, local: number): void {
    if (origin === PLAIN) return;
    this.#from.push(origin);
    this.#to.push(local);
  }

  /** The bits of the value can be seen from here on. */
  see(origin: number): void {
    if (origin !== PLAIN) this.#seen.push(origin);
  }

  /** Carries what is seen back to where it came from. */
  settle(locals: number): void {
    this.#seenResults = new Uint8Array(this.#shapes.length + 1);
    this.#seenLocals = new Uint8Array(locals + 1);
    const waiting = this.#seen;
    const { first, next } = this.#writesByLocal(locals);
    for (let origin = waiting.pop(); origin !== undefined; origin = waiting.pop()) {
      if (!this.#mark(origin) || origin > 0) continue;
      for (let edge = first[-origin] as number; edge >= 0; edge = next[edge] as number) {
        waiting.push(this.#from[edge] as number);
      }
    }
  }

  /** The writes to each local as linked lists: the first of local x is at `first[x + 1]`, -1 ends a list. */
  #writesByLocal(locals: number): { readonly first: Int32Array; readonly next: Int32Array } {
    const first = new Int32Array(locals + 1).fill(-1);
    const next = new Int32Array(this.#to.length);
    for (const [edge, local] of this.#to.entries()) {
      next[edge] = first[local + 1] ?? -1;
      first[local + 1] = edge;
    }
    return { first, next };
  }

  isSeen(origin: number): boolean {
    return this.#seenResults[origin] === 1;
  }

  shapeOf(origin: number): FloatShape {
    return this.#shapes[origin - 1] as FloatShape;
  }

  #mark(origin: number): boolean {
    const [marks, at] = origin > 0 ? [this.#seenResults, origin] : [this.#seenLocals, -origin];
    if (marks[at] === 1) return false;
    marks[at] = 1;
    return true;
  }
}
