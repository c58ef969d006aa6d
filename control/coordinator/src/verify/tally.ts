/** Results become votes, and votes the end of a task. */
import { failedOutcome, type Outcome, type Verification } from '@fog/wire';
import { type Core, forgetLease } from '../core.ts';
import { endTask } from '../job/lifecycle.ts';
import type { JobRecord } from '../job/job-record.ts';
import { acceptResult } from '../lease/accept-result.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { attemptRow, type LeaseRecord } from '../lease/lease-record.ts';
import { MAX_COPY_LOSSES } from '../limits.ts';
import { noteResult } from '../sla/notes.ts';
import { type Ballot, ballotOf, isComparable, isReplicated, type Vote } from './ballot.ts';
import { hasFurtherNode, outstandingOf, wantCopies } from './copies.ts';
import { copiesWanted, decide, supporters } from './decide.ts';
import { judgeKnownAnswer, rememberAnswer } from './known-answers.ts';
import { askTruth, settleBallot } from './settle-ballot.ts';
import { isPicked } from './spot-check.ts';
import { newVote, type ProvenResult, writeVote } from './vote-record.ts';

/** A believable, signed result of a lease that counts. */
export function countResult(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  result: ProvenResult,
): void {
  const { job, index } = lease;
  if (lease.alias === undefined) noteResult(core, lease);
  if (lease.alias !== undefined) {
    forgetLease(core, lease);
    judgeKnownAnswer(core, dispatcher, newVote(core, lease, result));
  } else if (job.ballots.has(index)) countVote(core, dispatcher, newVote(core, lease, result));
  // The failure of a service needs no second run: it starts again anyway.
  else if (result.outcome.exitCode !== 0 && job.spec.service !== true && isForeign(core, lease)) {
    countVote(core, dispatcher, newVote(core, lease, result));
  } else {
    acceptResult(core, dispatcher, lease, result);
    spotCheck(core, dispatcher, lease, result);
  }
}

/** What the votes on a task amount to now, and what follows from it. */
export function review(core: Core, dispatcher: Dispatcher, job: JobRecord, index: number): void {
  const ballot = job.ballots.get(index);
  if (ballot === undefined) return;
  if (job.board.hasEnded(index)) return settleBallot(core, dispatcher, job, index);
  const decision = decide({
    class: job.spec.class ?? 'B',
    copies: copiesWanted(job.spec),
    comparable: isComparable(job),
    votes: ballot.votes,
    truth: ballot.truth,
    ...outstandingOf(job, index, ballot),
    further: () => hasFurtherNode(dispatcher, job, index),
  });
  switch (decision.next) {
    case 'wait':
      return;
    case 'more':
      return wantCopies(dispatcher, job, index, decision.copies);
    case 'reexecute':
      return askTruth(core, { job, index, ballot }, () => review(core, dispatcher, job, index));
    case 'disagree':
      return disagree(core, job, index, ballot);
    case 'accept':
      return acceptVote(core, dispatcher, ballot, decision);
  }
}

/** A copy will bring nothing. */
export function copyGone(core: Core, dispatcher: Dispatcher, lease: LeaseRecord): void {
  const { job, index } = lease;
  const ballot = job.ballots.get(index);
  if (ballot === undefined || !ballot.copies.delete(lease)) return;
  ballot.lost += 1;
  if (ballot.lost <= MAX_COPY_LOSSES) wantCopies(dispatcher, job, index, 1);
  else if (job.board.hasEnded(index)) settleBallot(core, dispatcher, job, index);
  else {
    const message = `its copies were lost ${ballot.lost} times, the last by node ${lease.node}`;
    endUnvoted(core, job, index, { outcome: failedOutcome('NODE_LOST', message), node: null });
  }
}

/** Failures that wait for a second owner end unconfirmed when there is none any more. */
export function reviewDoubted(core: Core, dispatcher: Dispatcher): void {
  for (const [key, { job, index }] of core.verify.doubted) {
    if (core.jobs.has(job.id) && !job.board.hasEnded(index)) review(core, dispatcher, job, index);
    else core.verify.doubted.delete(key);
  }
}

function countVote(core: Core, dispatcher: Dispatcher, vote: Vote): void {
  const { job, index } = vote.lease;
  const ballot = ballotOf(job, index);
  core.verify.counts.votes += 1;
  ballot.votes.push(vote);
  ballot.copies.delete(vote.lease);
  if (job.leases.get(index) === vote.lease) job.leases.delete(index);
  if (!job.board.hasEnded(index)) {
    job.board.hold(index);
    // Final when a second owner repeats it.
    if (vote.outcome.exitCode !== 0 && !isReplicated(job)) doubt(core, job, index);
  }
  forgetLease(core, vote.lease);
  dispatcher.ran(vote.lease, vote.outcome.usage.wallMs);
  if (ballot.accepted === undefined) writeVote(core, vote, 'held');
  else writeVote(core, vote, vote.digest === ballot.accepted.digest ? 'agreed' : 'outvoted');
  review(core, dispatcher, job, index);
}

function acceptVote(
  core: Core,
  dispatcher: Dispatcher,
  ballot: Ballot,
  { vote, unconfirmed }: { readonly vote: Vote; readonly unconfirmed: boolean },
): void {
  const { job, index } = vote.lease;
  const comparable = isComparable(job);
  const agreed = supporters({ votes: ballot.votes, comparable }, vote);
  ballot.accepted = vote;
  for (const other of ballot.votes) {
    if (other !== vote) writeVote(core, other, agreed.includes(other) ? 'agreed' : 'outvoted');
  }
  endBallot(core, job, index, ballot);
  acceptResult(core, dispatcher, vote.lease, {
    ...vote,
    verification: verificationOf(ballot, agreed, unconfirmed),
  });
  if (job.spec.class === 'S' && agreed.length > 1) rememberAnswer(core, vote, agreed);
  settleBallot(core, dispatcher, job, index);
}

/** The task ends with none of its votes: no copy of it is of use any more. */
export function endUnvoted(
  core: Core,
  job: JobRecord,
  index: number,
  end: { readonly outcome: Outcome; readonly node: string | null },
): void {
  const ballot = job.ballots.get(index);
  if (ballot !== undefined) endBallot(core, job, index, ballot);
  endTask(core, job, index, end);
  job.ballots.delete(index);
}

/** What still runs is a check where results compare, and of no use elsewhere. */
function endBallot(core: Core, job: JobRecord, index: number, ballot: Ballot): void {
  const first = job.leases.get(index);
  if (first?.state === 'leased') ballot.copies.add(first);
  ballot.wanted = 0;
  job.board.dropCopy(index);
  core.verify.doubted.delete(doubtKey(job, index));
  for (const lease of ballot.copies) {
    // The end of the job forgets its tokens; a check outlives it.
    if (isComparable(job) && ballot.accepted !== undefined) job.tokens.delete(lease.token);
    else {
      ballot.copies.delete(lease);
      withdraw(core, lease);
    }
  }
}

function withdraw(core: Core, lease: LeaseRecord): void {
  forgetLease(core, lease);
  core.journal.attempt(attemptRow(lease, { state: 'cancelled', ended_at: core.clock.now() }));
  const reason = 'another copy of the task has ended it';
  core.nodes.get(lease.node)?.link?.send({ type: 'cancel', tokens: [lease.token], reason });
}

function disagree(core: Core, job: JobRecord, index: number, ballot: Ballot): void {
  const voters = new Set(ballot.votes.map(({ voter }) => voter));
  const message = `${ballot.votes.length} copies by ${voters.size} owners gave no two equal results, and a run of the fog itself confirmed none; a program whose output depends on the machine cannot use class ${job.spec.class}`;
  core.verify.counts.disagreements += 1;
  core.events.add(job, 'disagreement', { index, cause: message });
  for (const vote of ballot.votes) writeVote(core, vote, 'outvoted');
  endUnvoted(core, job, index, { outcome: failedOutcome('DISAGREEMENT', message), node: null });
}

/** Now and then an accepted result is checked by a copy elsewhere, or by the coordinator's own run. */
function spotCheck(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  result: ProvenResult,
): void {
  const { job, index } = lease;
  if (!isComparable(job) || !isForeign(core, lease) || !isPicked(core, lease.node)) return;
  const vote = newVote(core, lease, result);
  if (vote.digest === undefined) return;
  const ballot = ballotOf(job, index);
  ballot.votes.push(vote);
  ballot.accepted = vote;
  core.verify.counts.checks += 1;
  if (hasFurtherNode(dispatcher, job, index)) wantCopies(dispatcher, job, index, 1);
  else askTruth(core, { job, index, ballot }, () => settleBallot(core, dispatcher, job, index));
}

/** What a node of the submitter's own says of their own job is not doubted. */
function isForeign(core: Core, { node, job }: LeaseRecord): boolean {
  return core.nodes.get(node)?.owner !== job.owner;
}

function verificationOf(
  { truth }: Ballot,
  agreed: readonly Vote[],
  unconfirmed: boolean,
): Verification {
  const owners = new Set(agreed.map(({ owner }) => owner)).size;
  const voters = new Set(agreed.map(({ voter }) => voter)).size;
  const byNodes = voters > owners;
  return {
    agreed: Math.max(1, byNodes ? voters : owners),
    counted: byNodes ? 'nodes' : 'owners',
    ...(typeof truth === 'object' ? { reexecuted: true } : {}),
    ...(unconfirmed ? { unconfirmed } : {}),
  };
}

/** The failure of an open task waits for a second owner. */
export function doubt(core: Core, job: JobRecord, index: number): void {
  core.verify.doubted.set(doubtKey(job, index), { job, index });
}

function doubtKey(job: JobRecord, index: number): string {
  return `${job.id} ${index}`;
}
