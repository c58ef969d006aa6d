/** After a task has ended: its other copies earn credit or are looked into; blame needs proof. */
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_COPIES } from '../limits.ts';
import { type Ballot, isComparable, type Vote } from './ballot.ts';
import { hasFurtherNode, outstandingOf, wantCopies } from './copies.ts';
import { blame, credit, witnessOf } from './evidence.ts';
import type { Proof } from './proofs.ts';

/** Owners that must have run a disputed task, the coordinator not counted, where there are so many. */
const OWNERS_FOR_BLAME = 3;

interface Disputed {
  readonly job: JobRecord;
  readonly index: number;
  readonly ballot: Ballot;
}

/** Runs the task in the coordinator's own sandbox, once. */
export function askTruth(core: Core, { job, index, ballot }: Disputed, then: () => void): void {
  if (ballot.truth !== 'unasked') return;
  if (!core.verify.reruns.available) {
    ballot.truth = 'unclear';
    return then();
  }
  ballot.truth = 'asked';
  core.verify.counts.reexecutions += 1;
  core.verify.reruns.run({ job: job.id, record: job, index }, (digest) => {
    ballot.truth = digest === undefined ? 'unclear' : { digest };
    then();
  });
}

/** Draws evidence from the votes of a task that has ended, and forgets them when nothing more will come. */
export function settleBallot(
  core: Core,
  dispatcher: Dispatcher,
  job: JobRecord,
  index: number,
): void {
  const ballot = job.ballots.get(index);
  const accepted = ballot?.accepted;
  if (ballot === undefined) return;
  if (accepted !== undefined) {
    const disputed = { job, index, ballot };
    if (typeof ballot.truth === 'object') judge(core, dispatcher, disputed, ballot.truth.digest);
    else if (ballot.truth !== 'asked') compare(core, dispatcher, disputed, accepted);
  }
  const { outstanding } = outstandingOf(job, index, ballot);
  if (outstanding === 0 && ballot.truth !== 'asked') job.ballots.delete(index);
}

function compare(core: Core, dispatcher: Dispatcher, disputed: Disputed, accepted: Vote): void {
  const { job, index, ballot } = disputed;
  const conclusive = ballot.votes.filter(({ digest }) => digest !== undefined);
  const dissent = conclusive.filter(({ digest }) => digest !== accepted.digest);
  const right = conclusive.filter(({ digest }) => digest === accepted.digest);
  const agree = new Set(right.map(({ voter }) => voter)).size > 1;
  const isNew = right.some(({ judged }) => !judged);
  if (agree && isNew && dissent.length === 0 && isAudited(core, ballot, right)) {
    core.verify.counts.audits += 1;
    return askTruth(core, disputed, () => settleBallot(core, dispatcher, job, index));
  }
  for (const vote of agree ? right : []) {
    const others = right.filter(({ voter }) => voter !== vote.voter).map(({ owner }) => owner);
    credit(core, vote, { kind: 'result', rater: witnessOf(core, vote, others) });
  }
  if (dissent.length === 0 || ballot.truth !== 'unasked' || !isComparable(job)) return;
  if (!dissent.every(({ judged }) => judged)) tellDisagreement(core, disputed, dissent);
  const owners = new Set(conclusive.map(({ owner }) => owner)).size;
  const { outstanding } = outstandingOf(job, index, ballot);
  if (owners < OWNERS_FOR_BLAME) {
    if (outstanding > 0) return;
    if (ballot.votes.length < MAX_COPIES && hasFurtherNode(dispatcher, job, index)) {
      return wantCopies(dispatcher, job, index, 1);
    }
  }
  askTruth(core, disputed, () => settleBallot(core, dispatcher, job, index));
}

function tellDisagreement(
  core: Core,
  { job, index, ballot }: Disputed,
  dissent: readonly Vote[],
): void {
  if (ballot.told) return;
  ballot.told = true;
  core.verify.counts.disagreements += 1;
  const nodes = dissent.map(({ lease }) => lease.node).join(', ');
  const cause = `node ${nodes} gave another result; the fog looks into it`;
  core.events.add(job, 'disagreement', { index, cause });
}

/**
 * Whose word counts is decided by what the fog itself found: of those who agree it runs some work again, of
 * strangers all it can.
 */
function isAudited(core: Core, { truth }: Ballot, right: readonly Vote[]): boolean {
  const { reruns, random } = core.verify;
  if (truth !== 'unasked' || !reruns.idle) return false;
  return random() < core.reputation.auditProbability(right.map(({ owner }) => owner));
}

/** The coordinator's own run decides, if the run of some owner confirms it. */
function judge(core: Core, dispatcher: Dispatcher, disputed: Disputed, truth: string): void {
  const { job, index, ballot } = disputed;
  const right = ballot.votes.filter(({ digest }) => digest === truth);
  const [witness] = right;
  if (witness === undefined) {
    const { outstanding } = outstandingOf(job, index, ballot);
    if (outstanding > 0 || ballot.votes.length >= MAX_COPIES) return;
    if (hasFurtherNode(dispatcher, job, index)) wantCopies(dispatcher, job, index, 1);
    return;
  }
  for (const vote of right) credit(core, vote, { kind: 'result' });
  for (const vote of ballot.votes) {
    const { lease, digest, proof } = vote;
    if (digest === undefined || digest === truth || vote.judged) continue;
    if (isOtherRuntime(proof, witness.proof)) continue;
    blame(core, dispatcher, vote, { kind: 'result', expected: truth });
    const wasTaken = vote === ballot.accepted ? '; it was the result that was taken' : '';
    const cause = `node ${lease.node} gave a wrong result${wasTaken}`;
    core.events.add(lease.job, 'disagreement', { index: lease.index, node: lease.node, cause });
  }
}

/** Another version of a runtime may rightly give other bytes. */
function isOtherRuntime(a: Proof, b: Proof): boolean {
  if (a.runtimeVersion === undefined || b.runtimeVersion === undefined) return false;
  return a.runtimeVersion !== b.runtimeVersion;
}
