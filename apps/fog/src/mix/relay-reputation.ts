/** Carries what is measured of relays to the fog's reputations, and these to the authorities. */
import type { CoordinatorApi } from '@fog/coordinator';
import { type Clock, errorMessage, type Logger, type Service } from '@fog/kernel';
import {
  type ConsensusClient,
  lossFindings,
  type MixMetrics,
  type RelayFinding,
  type VerifiedConsensus,
} from '@fog/mixnet';
import { writeStanding } from './standing-file.ts';

/** Who keeps the reputations; of several coordinators the one that leads. */
export type RelayBook = Pick<CoordinatorApi, 'noteRelays' | 'relayReputation'>;

export interface RelayReputationDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly directory: Pick<ConsensusClient, 'opened' | 'onConsensus'>;
  readonly book: RelayBook;
}

export interface RelayReputationService extends Service {
  note(findings: readonly RelayFinding[], consensus: VerifiedConsensus): void;
}

const WHOLE_PPM = 1_000_000;

export function createRelayReputation(
  file: string,
  { clock, logger, metrics, directory, book }: RelayReputationDeps,
): RelayReputationService {
  let stopListening = (): void => {};
  let writing: Promise<void> = Promise.resolve();
  let trouble: string | undefined;
  const count = (kind: RelayFinding['kind'], good: boolean, by = 1): void =>
    metrics.count('fog_mixnet_relay_findings_total', { kind, good: String(good) }, by);
  const note = (
    findings: readonly RelayFinding[],
    { consensus, hash }: VerifiedConsensus,
  ): void => {
    const proof = { network: consensus.network, consensus: Buffer.from(hash).toString('hex') };
    try {
      const counted = book.noteRelays(findings.map((finding) => ({ ...finding, ...proof })));
      for (const { kind, good } of counted) count(kind, good);
    } catch (error) {
      // Its term ends: it begins again from what is stored, or another coordinator leads.
      logger.info('findings about relays are not kept', { reason: errorMessage(error) });
    }
    tell(consensus);
  };
  const tell = ({ network, relays }: VerifiedConsensus['consensus']): void => {
    const ids = relays.map(({ descriptor }) => descriptor.id);
    const reputation = book.relayReputation(ids);
    if (reputation === undefined) return;
    const reputationPpm = Object.fromEntries(
      ids.map((id, index) => [id, ppm(reputation.lower[index] ?? 0)]),
    );
    const newcomerPpm = ppm(reputation.newcomer);
    const standing = { network, time: clock.now(), reputationPpm, newcomerPpm };
    writing = writing
      .then(() => writeStanding(file, standing))
      .then(() => {
        trouble = undefined;
      })
      .catch((error: unknown) => {
        trouble = errorMessage(error);
        logger.warn('the reputations of relays were not written', { reason: trouble });
      });
  };
  const judge = (verified: VerifiedConsensus): void => note(lossFindings(verified), verified);
  return {
    name: 'mix-reputation',
    start: async () => {
      for (const good of [true, false]) {
        count('relay_loss', good, 0);
        count('delay_audit', good, 0);
      }
      stopListening = directory.onConsensus(judge);
      if (directory.opened !== undefined) judge(directory.opened);
    },
    stop: async () => {
      stopListening();
      await writing;
    },
    health: async () =>
      trouble === undefined ? { state: 'healthy' } : { state: 'degraded', detail: trouble },
    note,
  };
}

function ppm(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * WHOLE_PPM);
}
