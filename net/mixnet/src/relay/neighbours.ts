/** Relays of the current and the previous consensus by the 16 bytes that packets name them with. */
import type { Directory } from '../ports.ts';
import { idBytes } from '../ids.ts';

interface Neighbour {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Another one with the same first word. */
  readonly next: Neighbour | undefined;
}

export class Neighbours {
  #byWord = new Map<number, Neighbour>();

  update(directory: Pick<Directory, 'current' | 'previous'>): void {
    const names = new Set<string>();
    for (const consensus of [directory.current(), directory.previous()]) {
      for (const name of consensus?.relays.keys() ?? []) names.add(name);
    }
    const byWord = new Map<number, Neighbour>();
    for (const name of names) {
      const bytes = idBytes(name);
      if (bytes === undefined) continue;
      const word = firstWord(bytes);
      byWord.set(word, { name, bytes, next: byWord.get(word) });
    }
    this.#byWord = byWord;
  }

  /** Its name, without garbage: asked for every packet. */
  nameOf(id: Uint8Array): string | undefined {
    let found = this.#byWord.get(firstWord(id));
    while (found !== undefined && !same(found.bytes, id)) found = found.next;
    return found?.name;
  }
}

function firstWord(id: Uint8Array): number {
  return ((id[0] ?? 0) << 24) | ((id[1] ?? 0) << 16) | ((id[2] ?? 0) << 8) | (id[3] ?? 0);
}

/** Ids are public. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
