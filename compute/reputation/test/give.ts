import { type Evidence, FOG_RATER, type ReputationBook } from '../src/index.ts';

export const DAY_MS = 86_400_000;
export const NOW = Date.UTC(2026, 0, 1);

let lastId = 0;

/** Evidence with a new id and source, unless they are given. */
export function evidence(over: Partial<Evidence> = {}): Evidence {
  lastId += 1;
  return {
    id: lastId,
    time: NOW,
    node: 'n1',
    owner: 'o1',
    kind: 'result',
    good: true,
    weight: 1,
    rater: FOG_RATER,
    source: `lease ${lastId}`,
    ...over,
  };
}

export function give(book: ReputationBook, over: Partial<Evidence> = {}, times = 1): void {
  for (let time = 0; time < times; time += 1) book.apply(evidence(over));
}
