/**
 * Duties that are not drawn: whoever enters, leaves or looks a service up meets the few relays that have
 * them, each time. A relay of half the usual reputation or less has none of them while others suffice. It
 * follows from the consensus alone, so a reader checks it as he checks the draw.
 */
import type { RelayDescriptor, RelayFlag, RelayRole } from './documents.ts';
import { median } from './median.ts';

interface Duty {
  readonly role: RelayRole;
  /** Fewer trusted ones are no choice: then every relay of the role may have the duty. */
  readonly least: number;
}

export const DUTIES = {
  // Clients keep three entry gateways.
  Guard: { role: 'gateway', least: 3 },
  Exit: { role: 'exit', least: 1 },
  // Two replicas at three directories each.
  HSDir: { role: 'hsdir', least: 6 },
} as const satisfies Partial<Record<RelayFlag, Duty>>;
export type DutyFlag = keyof typeof DUTIES;

export interface DutyCandidate {
  readonly descriptor: Pick<RelayDescriptor, 'roles'>;
  readonly reputationPpm: number;
}

/** Of the running relays those that may have the duty, in the order given. */
export function trustedFor<T extends DutyCandidate>(duty: DutyFlag, running: readonly T[]): T[] {
  const { role, least } = DUTIES[duty];
  const able = running.filter(({ descriptor }) => descriptor.roles.includes(role));
  const usualPpm = median(running.map(({ reputationPpm }) => reputationPpm));
  const trusted = able.filter(({ reputationPpm }) => 2 * reputationPpm > usualPpm);
  return trusted.length >= least ? trusted : able;
}
