import type { CoordinatorApi } from '@fog/coordinator';
import type { Identity } from '@fog/crypto';
import type { Clock, Logger } from '@fog/kernel';
import type { Enrolment } from '../auth/enrolment.ts';
import type { Services } from '../service-manager/service-manager.ts';
import type { AgentSessions } from './agent-sessions.ts';

/** Verdicts on what agents sent; counted, because a hostile network must not fill the log. */
export interface AgentSocketCounters {
  accepted: number;
  /** Handshakes that proved nothing, in time or at all. */
  refused: number;
  /** Messages over the size limit or against the schema; each closed its socket. */
  malformed: number;
  /** Sockets that stopped answering pings. */
  silent: number;
  /** Times an agent was slowed down. */
  slowed: number;
}

export interface AgentSocketOptions {
  readonly heartbeatMs: number;
  readonly leasedHeartbeatMs: number;
}

export interface AgentSocketDeps {
  readonly coordinator: CoordinatorApi;
  readonly enrolment: Enrolment;
  readonly identity: Identity;
  readonly sessions: AgentSessions;
  readonly services: () => Services;
  readonly counters: AgentSocketCounters;
  /** Where other machines find this fog; agents remember them. */
  readonly addresses: () => readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}
