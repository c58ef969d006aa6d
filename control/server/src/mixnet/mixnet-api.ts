import type {
  MixAudit,
  MixBench,
  MixBenchCall,
  MixConsensus,
  MixConsensusEvent,
  MixLevel,
  MixPath,
  MixPing,
  MixPingCall,
  MixStatus,
} from '@fog/wire';

/**
 * What the API asks of the mixnet; the composition root fills it. Each call throws an error of kind
 * `unavailable` that says why when the part it needs does not run.
 */
export interface MixnetApi {
  status(): Promise<MixStatus>;
  consensus(): Promise<MixConsensus>;
  ping(request: MixPingCall, signal: AbortSignal): Promise<MixPing>;
  /** Loops at a constant rate; ends with the signal. */
  bench(request: MixBenchCall, signal: AbortSignal): Promise<MixBench>;
  path(level: MixLevel): Promise<MixPath>;
  audit(): Promise<MixAudit>;
  /** Called for each new consensus; returns the end of it. */
  onConsensus(listener: (consensus: MixConsensusEvent) => void): () => void;
}
