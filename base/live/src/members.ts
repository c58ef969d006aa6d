import { MAX_MEMBERS } from './limits.ts';
import type { Member } from './live.ts';

export function membersOf(entries: Iterable<readonly [string, string]>): readonly Member[] {
  return [...entries]
    .map(([id, value]) => ({ id, value }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, MAX_MEMBERS);
}
