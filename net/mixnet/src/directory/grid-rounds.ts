/**
 * The rounds of the grid: in each epoch one for the next, in eighths. Descriptors come in the first; then
 * votes, certificates, missing votes, signatures; from the sixth on the consensus is there or the last one
 * serves on. Messages of peers whose clocks differ are taken whenever they come.
 */
import { errorMessage } from '@fog/kernel';
import { epochAt, epochStart } from '../network.ts';
import type { AuthorityWorld } from './authority-world.ts';
import { pull } from './finished.ts';
import { castVote, certify, conclude, gather, type RoundRun, sign } from './round-steps.ts';

export const PHASES = 8;
/**
 * From here on immediate rounds make what the grid did not: a phase after its last message, so that none of
 * those can still bring the grid's, and before relays take packets of the next epoch.
 */
export const LATE_PHASE = 6;

export interface GridRounds {
  start(): void;
  stop(): void;
  /** Sees whether the round is done, when a message of it came. */
  heard(): void;
}

export function createGridRounds(world: AuthorityWorld): GridRounds {
  const { clock, network, logger, metrics, held, reveals, store } = world;
  const phaseMs = network.epochMs / PHASES;
  let cancel: () => void = () => {};
  let last = '';
  let run: RoundRun | undefined;
  let concluded = false;
  /** Steps follow one another even when one takes longer than its phase. */
  let steps: Promise<void> = Promise.resolve();

  const heard = (): void => {
    if (run === undefined || concluded) return;
    concluded = conclude(world, run);
    if (concluded)
      metrics.count('fog_mixnet_directory_rounds_total', { kind: 'grid', outcome: 'done' });
  };

  const begin = async (epoch: number): Promise<void> => {
    const inForce = held.inForce(clock.now());
    if (inForce !== undefined) reveals.begin(epoch, inForce);
    store.expire(clock.now());
    await world.save();
  };

  const finish = async (epoch: number): Promise<void> => {
    heard();
    if (concluded) return;
    const found = await pull(world, phaseMs);
    const outcome = found ? 'fetched' : 'failed';
    metrics.count('fog_mixnet_directory_rounds_total', { kind: 'grid', outcome });
    if (!found && held.find(epoch + 1, 1) === undefined) {
      logger.warn('the grid made no consensus: an immediate round will', { epoch: epoch + 1 });
    }
  };

  const step = async (epoch: number, phase: number): Promise<void> => {
    if (phase === 0) await begin(epoch);
    if (phase === 1) {
      concluded = false;
      run = await castVote(world, { epoch: epoch + 1, revision: 1 }, phaseMs);
    }
    if (phase === 5) await finish(epoch);
    if (run === undefined || run.round.epoch !== epoch + 1) return;
    if (phase === 2) certify(world, run, phaseMs);
    if (phase === 3) await gather(world, run);
    if (phase === 4) {
      sign(world, run, phaseMs);
      heard();
    }
  };

  const tick = (): void => {
    const now = clock.now();
    const epoch = epochAt(network.epochMs, now);
    const offsetMs = now - epochStart(network.epochMs, epoch);
    const phase = Math.min(PHASES - 1, Math.floor(offsetMs / phaseMs));
    const key = `${epoch}.${phase}`;
    if (key !== last) {
      last = key;
      steps = steps
        .then(() => step(epoch, phase))
        .catch((error: unknown) =>
          logger.error('a step of a round failed', { phase, error: errorMessage(error) }),
        );
    }
    cancel = clock.after(Math.max(1, Math.ceil((phase + 1) * phaseMs - offsetMs)), tick);
  };

  return { start: tick, stop: () => cancel(), heard };
}
