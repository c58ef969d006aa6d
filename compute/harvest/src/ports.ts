import type { Identity } from '@fog/crypto';
import type { Clock, Logger } from '@fog/kernel';
import type { Runtime } from '@fog/runtime';

export interface AgentDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Started and stopped by the agent. */
  readonly runtime: Runtime;
  /** The key of this node. */
  readonly identity: Identity;
  /** Uniform in [0, 1), for the jitter of reconnects; the system's generator when left out. */
  readonly random?: () => number;
}
