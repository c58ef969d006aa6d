/** Takes results: those of leases that count go on, anything else is kept as late. */
import { errorMessage } from '@fog/kernel';
import { failedOutcome, type FromAgent, type Outcome, type TaskResult } from '@fog/wire';
import { type Core, forgetLease } from '../core.ts';
import { afterFailure, afterSuccess } from '../registry/breaker.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { noteEvidence } from '../verify/evidence.ts';
import { openFrame, type Proof, type SignedFrame } from '../verify/proofs.ts';
import { countResult } from '../verify/tally.ts';
import { namedContents, outputsOf } from './accept-result.ts';
import type { Dispatcher } from './dispatcher.ts';
import { attemptRow, COUNTED, type LeaseRecord } from './lease-record.ts';
import { failAttempt } from './requeue.ts';

type ResultsFrame = Extract<FromAgent, { type: 'results' }>;

export class ResultDesk {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  /** Acknowledges, once durable, every result this node was right or merely late to send. */
  take(node: NodeRecord, frame: ResultsFrame): void {
    const core = this.#core;
    const tokens: number[] = [];
    const late: number[] = [];
    const unknown: TaskResult[] = [];
    let signed: SignedFrame | undefined;
    for (const result of frame.results) {
      const lease = core.leases.get(result.token);
      if (lease === undefined) {
        unknown.push(result);
        continue;
      }
      if (lease.node !== node.id) {
        core.logger.warn('result for a lease of another node refused', { lease: result.token });
        continue;
      }
      signed ??= openFrame(core, node, frame);
      const proof = signed.proofOf(lease, result);
      const counts = proof !== undefined && isCurrent(lease);
      (counts ? tokens : late).push(result.token);
      if (proof === undefined) this.#refuse(node, lease);
      else if (counts) this.#accept(node, lease, result.outcome, proof);
      else this.#keepLate(lease, result.outcome, proof);
    }
    if (unknown.length > 0) {
      this.#answerUnknown(node, unknown).catch((error: unknown) => {
        core.logger.warn('unknown results stay unanswered', { cause: errorMessage(error) });
      });
    }
    if (tokens.length + late.length === 0) return;
    core.journal.afterCommit(() => node.link?.send({ type: 'ack', tokens, late }));
    this.#dispatcher.kick();
  }

  /** What is not signed was said by nobody: an attempt that failed, and evidence against its node. */
  #refuse(node: NodeRecord, lease: LeaseRecord): void {
    const core = this.#core;
    core.verify.counts.forged += 1;
    core.logger.warn('a result without its signature refused', { node: node.id });
    noteEvidence(core, {
      node: node.id,
      kind: 'manifest',
      isGood: false,
      source: { job: lease.job.id, index: lease.index, token: lease.token },
    });
    this.#fail(node, lease, failedOutcome('MANIFEST'));
  }

  #accept(node: NodeRecord, lease: LeaseRecord, reported: Outcome, proof: Proof): void {
    const doubt = doubtAbout(lease, reported);
    const outcome = doubt === undefined ? reported : failedOutcome('UPLOAD', doubt);
    if (outcome.failure?.class === 'fog') return this.#fail(node, lease, outcome);
    node.breaker = afterSuccess(node.breaker);
    countResult(this.#core, this.#dispatcher, lease, { outcome, proof });
  }

  /** The node, or what it was to do for the fog, failed; the program did not. */
  #fail(node: NodeRecord, lease: LeaseRecord, outcome: Outcome): void {
    const core = this.#core;
    const { failure } = outcome;
    node.failed += 1;
    node.breaker = afterFailure(node.breaker, core.clock.now());
    core.journal.node(node);
    if (failure !== undefined && lease.state === 'leased') {
      failAttempt(core, this.#dispatcher, lease, { ...outcome, failure });
    }
  }

  #keepLate(lease: LeaseRecord, outcome: Outcome, proof: Proof): void {
    const core = this.#core;
    forgetLease(core, lease);
    core.journal.attempt(
      attemptRow(lease, {
        state: 'late',
        ended_at: core.clock.now(),
        // It stays a loss: what was counted as one is counted so again after a restart.
        failure: lease.state === 'lost' ? JSON.stringify(failedOutcome('NODE_LOST').failure) : null,
        outcome: JSON.stringify(outcome),
        proof,
      }),
    );
    core.events.add(lease.job, 'late', { index: lease.index, node: lease.node });
  }

  /** A token memory does not know: accepted before a reconnect, of an ended job, or never issued. */
  async #answerUnknown(node: NodeRecord, results: readonly TaskResult[]): Promise<void> {
    const { store, logger, journal } = this.#core;
    // One of them may have been accepted a moment ago: its row must say so.
    await journal.committed();
    const tokens = results.map((result) => result.token);
    const rows = await store.db
      .selectFrom('attempt')
      .select(['token', 'state', 'outcome'])
      .where('token', 'in', tokens)
      .where('node', '=', node.id)
      .execute();
    const accepted = rows.filter((row) => COUNTED.has(row.state)).map((row) => row.token);
    const late = tokens.filter((token) => !accepted.includes(token));
    const issued = new Set(rows.map((row) => row.token));
    const never = late.filter((token) => !issued.has(token)).length;
    if (never > 0) logger.warn('results for leases that were never issued', { count: never });
    const kept = results.filter((one) => {
      const row = rows.find((candidate) => candidate.token === one.token);
      return row !== undefined && !COUNTED.has(row.state) && row.outcome === null;
    });
    await store.write(async (trx) => {
      for (const { token, outcome } of kept) {
        await trx
          .updateTable('attempt')
          .set({ state: 'late', outcome: JSON.stringify(outcome) })
          .where('token', '=', token)
          .execute();
      }
    });
    node.link?.send({ type: 'ack', tokens: accepted, late });
  }
}

/** Its result counts: the newest first run of an open task, or a copy somebody waits for. */
function isCurrent(lease: LeaseRecord): boolean {
  const { job, index, alias } = lease;
  if (alias !== undefined) return true;
  if (job.ballots.get(index)?.copies.has(lease) === true) return true;
  return job.leases.get(index) === lease && !job.board.hasEnded(index);
}

/** What makes a reported outcome unbelievable; it then counts as the node's failure. */
function doubtAbout(lease: LeaseRecord, outcome: Outcome): string | undefined {
  if ((outcome.failure === undefined) !== (outcome.exitCode === 0)) {
    return 'the result has an exit code and a failure that contradict each other';
  }
  const named = namedContents(outcome);
  if (named.some(({ content, sizeBytes }) => lease.uploads.get(content) !== sizeBytes)) {
    return 'the result names content that was not sent under its lease';
  }
  const inline = outputsOf(outcome).filter(({ content }) => content === undefined);
  if (inline.some(({ data, sizeBytes }) => base64Bytes(data ?? '') !== sizeBytes)) {
    return 'the result carries output of another size than it says';
  }
  return undefined;
}

function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
