import type { CoordinatorApi } from '@fog/coordinator';
import type { Clock, Logger } from '@fog/kernel';
import type { Blobs } from '@fog/store';
import type { Credentials } from '../auth/credentials.ts';
import type { Roster } from '../coordinators/roster.ts';
import type { Enrolment } from '../auth/enrolment.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { MixnetApi } from '../mixnet/mixnet-api.ts';
import type { Services } from '../service-manager/service-manager.ts';

/** What routes work with. */
export interface RouteDeps {
  readonly coordinator: CoordinatorApi;
  readonly blobs: Pick<Blobs, 'put' | 'open' | 'size'>;
  readonly credentials: Credentials;
  readonly enrolment: Enrolment;
  readonly services: () => Services;
  /** Undefined: this fog was started without one. */
  readonly mixnet: MixnetApi | undefined;
  readonly metrics: Metrics;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where other machines find this fog. */
  readonly addresses: () => readonly string[];
  /** Aborts when the API stops: waiting calls answer at once. */
  readonly stopping: AbortSignal;
}
