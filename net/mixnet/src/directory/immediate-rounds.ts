/** Rounds outside the grid: all that is needed, at once, each phase ending as soon as all were heard. */
import { errorMessage } from '@fog/kernel';
import type { AuthorityWorld } from './authority-world.ts';
import { pull } from './finished.ts';
import { MAX_BOOTSTRAP_GAP_MS, STANDING_CHANGE_MS } from './limits.ts';
import type { Round, RoundName } from './round.ts';
import { type RoundNeed, roundNeed } from './round-need.ts';
import { castVote, certify, conclude, gather, type RoundRun, sign } from './round-steps.ts';

/** The grid has the first revision of each epoch. */
const FIRST_REVISION = 2;

export interface ImmediateRounds {
  start(): void;
  stop(): void;
  /** A new descriptor came. */
  uploaded(): void;
  /** A peer's vote came: when there is need here too, the round is joined. */
  called(name: RoundName): void;
}

export function createImmediateRounds(world: AuthorityWorld): ImmediateRounds {
  const { clock, timing, logger } = world;
  const stopping = new AbortController();
  let cancel: () => void = () => {};
  let running: { readonly name: RoundName; readonly overtaken: AbortController } | undefined;
  const pace = createPace(world);

  const run = async (need: RoundNeed): Promise<void> => {
    const overtaken = new AbortController();
    running = { name: { epoch: need.epoch, revision: 0 }, overtaken };
    try {
      await pull(world, timing.phaseMs);
      const still = roundNeed(world);
      if (still === undefined) return;
      pace.began(still);
      const name = { epoch: still.epoch, revision: nextRevision(world, still.epoch) };
      running = { name, overtaken };
      const signal = AbortSignal.any([overtaken.signal, stopping.signal]);
      const outcome = await runRound(world, name, signal);
      world.metrics.count('fog_mixnet_directory_rounds_total', { kind: 'immediate', outcome });
      logger.info('immediate round', { ...name, why: still.why, outcome });
      if (outcome === 'done') pace.met();
    } catch (error) {
      logger.error('an immediate round failed', { error: errorMessage(error) });
    } finally {
      running = undefined;
    }
    if (overtaken.signal.aborted) consider(true);
  };

  const consider = (atOnce: boolean): void => {
    if (running !== undefined || stopping.signal.aborted) return;
    const need = roundNeed(world);
    if (need === undefined) pace.met();
    else if (atOnce || pace.isDue(need)) void run(need);
  };

  return {
    start: () => {
      cancel = clock.every(timing.quietMs / 2, () => consider(false));
    },
    stop: () => {
      cancel();
      stopping.abort();
    },
    uploaded: () => pace.uploaded(),
    called: ({ epoch, revision }) => {
      if (revision < FIRST_REVISION || world.voted.revision(epoch) >= revision) return;
      if (running === undefined) return consider(true);
      const { name, overtaken } = running;
      if (name.revision > 0 && name.epoch === epoch && name.revision < revision) overtaken.abort();
    },
  };
}

interface Pace {
  isDue(need: RoundNeed): boolean;
  began(need: RoundNeed): void;
  met(): void;
  uploaded(): void;
}

/** Waits until descriptors have stopped coming, and longer from round to round of one epoch. */
function createPace({ clock, timing, network }: AuthorityWorld): Pace {
  let neededMs: number | undefined;
  let uploadedMs = 0;
  let rounds = { epoch: -1, count: 0, lastMs: 0 };
  /** By the need of now: the waits of a lesser one must not put off the first consensus. */
  const gapMs = (why: RoundNeed['why']): number => {
    const longest = why === 'none-held' ? MAX_BOOTSTRAP_GAP_MS : network.epochMs / 8;
    return Math.min(longest, timing.gapMs * 2 ** Math.min(rounds.count - 1, 20));
  };
  return {
    isDue: ({ why }) => {
      const now = clock.monotonicMs();
      neededMs ??= now;
      const waitedMs = now - neededMs;
      if (rounds.count > 0 && now < rounds.lastMs + gapMs(why)) return false;
      if (why === 'few') return waitedMs >= Math.min(STANDING_CHANGE_MS, network.epochMs / 8);
      if (waitedMs >= timing.gatherMs) return true;
      return waitedMs >= timing.quietMs && now - uploadedMs >= timing.quietMs;
    },
    began: ({ epoch }) => {
      const count = rounds.epoch === epoch ? rounds.count + 1 : 1;
      rounds = { epoch, count, lastMs: clock.monotonicMs() };
    },
    met: () => {
      neededMs = undefined;
    },
    uploaded: () => {
      uploadedMs = clock.monotonicMs();
    },
  };
}

/** A round that others have begun is joined; else the first revision nobody has named. */
function nextRevision({ voted, held, book }: AuthorityWorld, epoch: number): number {
  const newest = held.all().find(({ consensus }) => consensus.epoch === epoch)?.consensus.revision;
  const used = Math.max(FIRST_REVISION - 1, voted.revision(epoch), newest ?? 0);
  const named = book.highest(epoch);
  return named > used ? named : used + 1;
}

type Outcome = 'done' | 'idle' | 'overtaken' | 'failed';

async function runRound(
  world: AuthorityWorld,
  name: RoundName,
  signal: AbortSignal,
): Promise<Outcome> {
  const { network, timing } = world;
  const run = await castVote(world, name, timing.phaseMs);
  if (run === undefined) return 'idle';
  const { round } = run;
  await until(world, round, () => isComplete(round, network.authorities.length), signal);
  if (signal.aborted) return 'overtaken';
  certify(world, run, timing.phaseMs);
  await until(world, round, () => allCertified(round), signal);
  await gather(world, run);
  if (signal.aborted) return 'overtaken';
  if (!sign(world, run, timing.phaseMs)) return 'failed';
  await until(world, round, () => conclude(world, run), signal);
  return isDone(world, run) ? 'done' : 'failed';
}

function isDone({ held }: AuthorityWorld, { round }: RoundRun): boolean {
  return held.find(round.epoch, round.revision) !== undefined;
}

function isComplete(round: Round, authorities: number): boolean {
  return (
    round.voters().size === authorities &&
    round.heads().every(({ head }) => round.body(head.relaysHash) !== undefined)
  );
}

function allCertified(round: Round): boolean {
  const certifiers = round.certifiers();
  return [...round.voters()].every((voter) => certifiers.has(voter));
}

/** Until the condition holds, the phase is over, or the signal ends it. */
function until(
  { clock, timing }: AuthorityWorld,
  round: Round,
  condition: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || condition()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      forget();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(timing.phaseMs, done);
    const forget = round.onChange(() => {
      if (condition()) done();
    });
    signal.addEventListener('abort', done, { once: true });
  });
}
