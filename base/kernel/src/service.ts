export type HealthState = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

export interface Health {
  readonly state: HealthState;
  /** One sentence for a person: the cause and, where there is one, the remedy. */
  readonly detail?: string;
}

/**
 * A part of the product with a lifetime. `start` is called at most once (unless `restartable`), `stop`
 * any number of times, also after a failed `start`; after `stop` settles nothing of the service runs.
 * `health` does real work (a query, a socket).
 */
export interface Service {
  readonly name: string;
  /** Services that must be healthy before this one starts; when one fails for good, this one stops. */
  readonly requires?: readonly string[];
  /** Services started before this one when they exist; their failure does not stop this one. */
  readonly wants?: readonly string[];
  /** True when `start` may be called again after `stop`: the service manager then restarts it on failure. */
  readonly restartable?: boolean;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  health(signal: AbortSignal): Promise<Health>;
  /** Tells when its health may have changed: it is asked then, not only at the next period. Returns the end of it. */
  onHealth?(listener: () => void): () => void;
}
