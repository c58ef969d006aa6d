/** A broken promise, by the letter of the invariant. */
export interface Violation {
  /**
   * a: one end, and the right one; b: one accepted result, with the right bytes; d: nothing runs beyond its
   * lease; e: what was acknowledged survives, once; f: all ends after the healing; g: late results stay late.
   */
  readonly rule: 'a' | 'b' | 'd' | 'e' | 'f' | 'g';
  readonly job: string | undefined;
  readonly index?: number;
  readonly what: string;
}
