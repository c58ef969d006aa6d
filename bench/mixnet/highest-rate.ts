/** The highest rate a relay holds without loss. */
import os from 'node:os';
import type { BenchmarkContext } from '../benchmark.ts';
import type { BedResult, TestBed } from './test-bed.ts';
import { x25519Micros } from './x25519-micros.ts';

/** Rate times seconds per X25519: with two cores a relay cannot reach the second, and the first is what it should. */
const FIRST_TRY = 0.79;
const NEVER_REACHED = 1.2;
/** Last arrival after the last send: way and tick, no queue. */
const MAX_BACKLOG_MS = 100;
/** After a run that was not held, a little less than what came through in it. */
const BELOW_CAPACITY = 0.97;
const ABOVE_HELD = 1.04;
const BELOW_FAILED = 0.96;
/** The search never ends on a machine that is busy with something else. */
const MAX_RUNS = 12;

export interface LongRun {
  readonly rate: number;
  readonly lost: number;
  /** The cheaper one of before and after: noise must not make a relay look better. */
  readonly x25519Micros: number;
  readonly loadAverage: number;
}

/**
 * Long runs around what the machine should hold; the best one without loss counts. It was chosen for having lost
 * nothing, so what is reported as lost is of all runs at that rate or below: a rate that held once by luck shows.
 */
export async function highestRate(
  bed: TestBed,
  { quick, say }: BenchmarkContext,
): Promise<LongRun> {
  const seconds = quick ? 2 : 8;
  const perX25519 = 1e6 / x25519Micros();
  const maxRate = NEVER_REACHED * perX25519;
  await bed.buildHeaders(Math.ceil(maxRate * seconds));
  const runs: LongRun[] = [];
  let rate = FIRST_TRY * perX25519;
  let best: LongRun | undefined;
  for (let run = 0; run < (quick ? 3 : 5) || (best === undefined && run < MAX_RUNS); run += 1) {
    const before = x25519Micros();
    const result = await bed.run({ rate, seconds });
    const done = {
      rate,
      lost: result.planned - result.received,
      x25519Micros: Math.min(before, x25519Micros()),
      loadAverage: os.loadavg()[0] ?? 0,
    };
    const held = isHeld(result, seconds);
    say(describe(done, result, seconds));
    runs.push(done);
    if (held && rate > (best?.rate ?? 0)) best = done;
    const next = held ? rate * ABOVE_HELD : lower(rate, result);
    rate = Math.min(maxRate, next);
  }
  if (best === undefined) {
    throw new Error(`no rate held without loss in ${runs.length} runs: is the machine busy?`);
  }
  const { rate: bestRate } = best;
  const lost = runs.reduce((sum, run) => sum + (run.rate <= bestRate ? run.lost : 0), 0);
  return { ...best, lost };
}

/**
 * Nothing lost, and nothing left to do when the generator stops: the relay's queue of 10,000 packets would
 * otherwise pass for throughput, in a short run for a third of it.
 */
function isHeld({ planned, received, wallMs }: BedResult, seconds: number): boolean {
  return received === planned && wallMs <= seconds * 1000 + MAX_BACKLOG_MS;
}

function lower(rate: number, { received, wallMs }: BedResult): number {
  const cameThrough = (received / Math.max(wallMs, 1)) * 1000;
  return Math.min(rate * BELOW_FAILED, cameThrough * BELOW_CAPACITY);
}

function describe(
  { rate, lost, x25519Micros: micros }: LongRun,
  { wallMs, unsent, dropped }: BedResult,
  seconds: number,
): string {
  const backlogMs = Math.max(0, Math.round(wallMs - seconds * 1000));
  const where = [['generator', unsent] as const, ...Object.entries(dropped)]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`);
  const lostText = lost === 0 ? '0 lost' : `${lost} lost (${where.join(', ')})`;
  return `${Math.round(rate)} packets/s for ${seconds} s: ${lostText}, ${backlogMs} ms behind (X25519 ${micros.toFixed(1)} µs)`;
}
