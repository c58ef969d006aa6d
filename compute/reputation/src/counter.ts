/** What one rater has said of a node in one kind of evidence: faded by events and by time. */
import { FORGETTING, HALF_LIFE_MS, MAX_FADE_MS } from './limits.ts';

export interface Counter {
  readonly good: number;
  readonly bad: number;
  /** Weight of all events of the node's kind up to the last change, whoever spoke. */
  readonly events: number;
  readonly updatedAt: number;
  /** The day of the last change, and the weight that was said in it. */
  readonly day: number;
  readonly saidToday: number;
  /** Id of the last evidence that counted. */
  readonly last: number;
}

export interface Outcome {
  readonly good: boolean;
  readonly weight: number;
  readonly time: number;
}

/** What one account may say is counted anew each day (UTC). */
const DAY_MS = 86_400_000;

export function newCounter(): Counter {
  return { good: 0, bad: 0, events: 0, updatedAt: 0, day: 0, saidToday: 0, last: 0 };
}

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** As much as so many events of weight 1 one after the other, the first of them faded by the last. */
export function gainOf(weight: number): number {
  return (1 - FORGETTING ** weight) / (1 - FORGETTING);
}

/** `events`: those of the node's kind, this one included. */
export function counted(
  before: Counter,
  { good, weight, time }: Outcome,
  { id, events }: { readonly id: number; readonly events: number },
): Counter {
  const kept = keptOf(before, events, time);
  const gain = gainOf(weight);
  const day = dayOf(time);
  return {
    good: before.good * kept + (good ? gain : 0),
    bad: before.bad * kept + (good ? 0 : gain),
    events,
    updatedAt: time,
    day,
    saidToday: (before.day === day ? before.saidToday : 0) + weight,
    last: id,
  };
}

/** The part of a counter that is left. A clock that goes back fades nothing. */
export function keptOf({ events, updatedAt }: Counter, eventsNow: number, now: number): number {
  const passed = Math.min(MAX_FADE_MS, Math.max(0, now - updatedAt));
  return FORGETTING ** Math.max(0, eventsNow - events) * 2 ** (-passed / HALF_LIFE_MS);
}
