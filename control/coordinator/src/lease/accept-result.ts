/** The result a task ends with. */
import type { Outcome, OutputBytes, Verification } from '@fog/wire';
import { type Core, forgetLease } from '../core.ts';
import { endTask } from '../job/lifecycle.ts';
import type { Proof } from '../verify/proofs.ts';
import type { Dispatcher } from './dispatcher.ts';
import { attemptRow, type LeaseRecord } from './lease-record.ts';

export interface AcceptedResult {
  readonly outcome: Outcome;
  readonly proof: Proof;
  readonly verification?: Verification | undefined;
}

export function acceptResult(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  { outcome, proof, verification }: AcceptedResult,
): void {
  const { failure } = outcome;
  forgetLease(core, lease);
  const node = core.nodes.get(lease.node);
  if (node !== undefined) {
    if (outcome.exitCode === 0) node.settled += 1;
    core.journal.node(node);
  }
  core.journal.attempt(
    attemptRow(lease, {
      state: 'accepted',
      ended_at: core.clock.now(),
      failure: failure === undefined ? null : JSON.stringify(failure),
      proof,
    }),
  );
  dispatcher.ran(lease, outcome.usage.wallMs);
  grantOutputs(core, lease, outcome);
  endTask(core, lease.job, lease.index, { outcome, node: lease.node, verification });
}

export function outputsOf(outcome: Outcome): OutputBytes[] {
  return [outcome.stdout, outcome.stderr, ...outcome.files.map((file) => file.bytes)];
}

export function namedContents(outcome: Outcome): { content: string; sizeBytes: number }[] {
  return outputsOf(outcome).flatMap(({ content, sizeBytes }) =>
    content === undefined ? [] : [{ content, sizeBytes }],
  );
}

/** The job's owner may read what its task produced. */
function grantOutputs(core: Core, lease: LeaseRecord, outcome: Outcome): void {
  for (const { content, sizeBytes } of namedContents(outcome)) {
    core.journal.contentRef({
      account: lease.job.owner,
      content,
      size_bytes: sizeBytes,
      created_at: core.clock.now(),
    });
  }
}
