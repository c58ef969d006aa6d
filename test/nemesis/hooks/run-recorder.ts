/** Appends to the file that FOG_NEMESIS_RUNS names which leases an agent gets, and what it runs under them when. */
import { appendFileSync } from 'node:fs';
import { editSources } from './source-edits.ts';

const file = process.env['FOG_NEMESIS_RUNS'] ?? '';
const trueNow = Date.now.bind(Date);

declare global {
  /** `agoMs`: how long ago that began which the line is about. */
  var nemesisRecord: (
    what: string,
    tokens: readonly number[],
    leaseMs?: number,
    agoMs?: number,
  ) => void;
}

globalThis.nemesisRecord = (what, tokens, leaseMs, agoMs = 0) => {
  const line = { at: trueNow() - agoMs, pid: process.pid, what, tokens, leaseMs };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
};

const LEASES = '/compute/harvest/src/work/lease-table.ts';
const WORKER = '/compute/harvest/src/work/worker.ts';

editSources([
  {
    file: LEASES,
    from: 'this.#terms.set(lease.token,',
    to: "nemesisRecord('lease', [lease.token], lease.leaseMs); this.#terms.set(lease.token,",
  },
  {
    file: LEASES,
    from: 'renew(leaseMs: number, told: Moment): void {',
    to: `renew(leaseMs: number, told: Moment): void {
      nemesisRecord('renew', [...this.#terms.values()].filter((term) => term.since.monotonicMs <= told.monotonicMs).map((term) => term.lease.token), leaseMs, performance.now() - told.monotonicMs);`,
  },
  {
    file: WORKER,
    from: 'this.#counts.started += 1;',
    to: "this.#counts.started += 1; nemesisRecord('start', [lease.token]);",
  },
  {
    file: WORKER,
    from: 'this.#counts.finished += 1;',
    to: "this.#counts.finished += 1; nemesisRecord('end', [lease.token]);",
  },
]);
