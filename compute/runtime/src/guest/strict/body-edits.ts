/** What is changed in a function body, in the order of its bytes. */
export const EDIT = {
  none: 0,
  /** Insert: pay `value` units. */
  charge: 1,
  /** Insert: make the result with origin `value` canonical. */
  canonical: 2,
  /** Replace `return` by a branch to label `value`, which ends the body. */
  return: 3,
  /** Insert before a tail call: this frame is gone. */
  leave: 4,
  /** Insert before a bulk operation: pay for the bytes whose number is on the stack. */
  payBytes: 5,
  /** Insert before a bulk operation on a table: pay for the entries whose number is on the stack. */
  payEntries: 6,
  /** Replace `memory.grow`, which ends at offset `value`. */
  grow: 7,
  /** Insert before a call: fuel kept in a local goes where the callee finds it. */
  flush: 8,
  /** Insert after a call: and comes back. */
  reload: 9,
} as const;

/** Edits of one body. The arrays are used again for the next. */
export class BodyEdits {
  readonly at: number[] = [];
  readonly kinds: number[] = [];
  readonly values: number[] = [];

  begin(): void {
    this.at.length = 0;
    this.kinds.length = 0;
    this.values.length = 0;
  }

  /** Gives the index of the new edit. */
  add(at: number, kind: number, value: number): number {
    this.at.push(at);
    this.kinds.push(kind);
    return this.values.push(value) - 1;
  }
}
