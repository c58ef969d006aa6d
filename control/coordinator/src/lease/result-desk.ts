/** Takes results: accepts the newest issued token of an open task, keeps anything else as late. */
import { errorMessage } from '@fog/kernel';
import { failedOutcome, type Outcome, type OutputBytes, type TaskResult } from '@fog/wire';
import { type Core, forgetLease } from '../core.ts';
import { endTask } from '../job/lifecycle.ts';
import { afterFailure, afterSuccess } from '../registry/breaker.ts';
import { type NodeRecord, nodeRow } from '../registry/node-record.ts';
import type { Dispatcher } from './dispatcher.ts';
import { attemptRow, type LeaseRecord } from './lease-record.ts';
import { failAttempt } from './requeue.ts';

export class ResultDesk {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  /** Acknowledges, once durable, every result this node was right or merely late to send. */
  take(node: NodeRecord, results: readonly TaskResult[]): void {
    const core = this.#core;
    const tokens: number[] = [];
    const late: number[] = [];
    const unknown: TaskResult[] = [];
    for (const result of results) {
      const lease = core.leases.get(result.token);
      if (lease === undefined) unknown.push(result);
      else if (lease.node !== node.id) {
        core.logger.warn('result for a lease of another node refused', { lease: result.token });
      } else if (this.#isNewest(lease)) {
        this.#accept(node, lease, result.outcome);
        tokens.push(result.token);
      } else {
        this.#keepLate(lease, result.outcome);
        late.push(result.token);
      }
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

  #isNewest(lease: LeaseRecord): boolean {
    if (lease.job.leases.get(lease.index) !== lease) return false;
    const state = lease.job.board.stateOf(lease.index);
    return state === 'leased' || state === 'queued';
  }

  #accept(node: NodeRecord, lease: LeaseRecord, reported: Outcome): void {
    const core = this.#core;
    const doubt = doubtAbout(lease, reported);
    const outcome = doubt === undefined ? reported : failedOutcome('UPLOAD', doubt);
    const { failure } = outcome;
    if (failure?.class === 'fog') {
      node.failed += 1;
      node.breaker = afterFailure(node.breaker, core.clock.now());
      core.journal.node(nodeRow(node));
      if (lease.job.board.stateOf(lease.index) === 'leased') {
        failAttempt(core, this.#dispatcher, lease, { ...outcome, failure });
      }
      return;
    }
    forgetLease(core, lease);
    if (outcome.exitCode === 0) node.settled += 1;
    node.breaker = afterSuccess(node.breaker);
    core.journal.node(nodeRow(node));
    core.journal.attempt(
      attemptRow(lease, {
        state: 'accepted',
        ended_at: core.clock.now(),
        failure: failure === undefined ? null : JSON.stringify(failure),
      }),
    );
    this.#dispatcher.ran(lease.job, outcome.usage.wallMs);
    this.#grantOutputs(lease, outcome);
    endTask(core, lease.job, lease.index, { outcome, node: node.id });
  }

  /** The job's owner may read what its task produced. */
  #grantOutputs(lease: LeaseRecord, outcome: Outcome): void {
    for (const { content, sizeBytes } of namedContents(outcome)) {
      this.#core.journal.contentRef({
        account: lease.job.owner,
        content,
        size_bytes: sizeBytes,
        created_at: this.#core.clock.now(),
      });
    }
  }

  #keepLate(lease: LeaseRecord, outcome: Outcome): void {
    const core = this.#core;
    forgetLease(core, lease);
    core.journal.attempt(
      attemptRow(lease, {
        state: 'late',
        ended_at: core.clock.now(),
        outcome: JSON.stringify(outcome),
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
    const accepted = rows.filter((row) => row.state === 'accepted').map((row) => row.token);
    const late = tokens.filter((token) => !accepted.includes(token));
    const issued = new Set(rows.map((row) => row.token));
    const never = late.filter((token) => !issued.has(token)).length;
    if (never > 0) logger.warn('results for leases that were never issued', { count: never });
    const kept = results.filter((one) => {
      const row = rows.find((candidate) => candidate.token === one.token);
      return row !== undefined && row.state !== 'accepted' && row.outcome === null;
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

function outputsOf(outcome: Outcome): OutputBytes[] {
  return [outcome.stdout, outcome.stderr, ...outcome.files.map((file) => file.bytes)];
}

function namedContents(outcome: Outcome): { content: string; sizeBytes: number }[] {
  return outputsOf(outcome).flatMap(({ content, sizeBytes }) =>
    content === undefined ? [] : [{ content, sizeBytes }],
  );
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
