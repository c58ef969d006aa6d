/** Puts one answer together and knows what is missing. */
import { decodeFragment } from '@fog/sphinx';
import { concatBytes } from '@fog/kernel';
import { sameBytes } from '@fog/crypto';

export interface AnswerParts {
  /** Undefined before the first part. */
  readonly total: number | undefined;
  /** False for what is no part of this answer, or came before. */
  add(data: Uint8Array): boolean;
  missing(): number[];
  /** The whole answer once nothing is missing. */
  whole(): Uint8Array | undefined;
}

export function createAnswerParts(id: Uint8Array): AnswerParts {
  const parts = new Map<number, Uint8Array>();
  let total: number | undefined;
  const missing = (): number[] =>
    Array.from({ length: total ?? 0 }, (_, index) => index).filter((index) => !parts.has(index));
  return {
    get total() {
      return total;
    },
    add: (data) => {
      const fragment = decodeFragment(data);
      if (fragment === undefined || !sameBytes(fragment.id, id)) return false;
      if (total !== undefined && fragment.total !== total) return false;
      if (parts.has(fragment.index)) return false;
      total = fragment.total;
      parts.set(fragment.index, fragment.part.slice());
      return true;
    },
    missing,
    whole: () => {
      if (total === undefined || parts.size < total) return undefined;
      const inOrder = [...parts].sort(([a], [b]) => a - b);
      return concatBytes(inOrder.map(([, part]) => part));
    },
  };
}
