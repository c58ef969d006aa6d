/**
 * Tasks whose answer is known, given to nodes with little evidence as if they were ordinary work: settled
 * class S tasks under a random job id. A program may print its job's id, so a wrong answer blames nobody
 * before the coordinator has run the task under the same id.
 */
import { randomLabel } from '@fog/crypto';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { JOB_ID_CHARS, MAX_KNOWN_ANSWERS } from '../limits.ts';
import type { Vote } from './ballot.ts';
import { blame, credit, witnessOf } from './evidence.ts';
import { writeVote } from './vote-record.ts';

export interface KnownAnswer {
  readonly job: JobRecord;
  readonly index: number;
  /** Digest of the result. */
  readonly digest: string;
  /** Accounts that gave it. */
  readonly owners: readonly string[];
}

/** A settled task may be asked again. Work that is not for every eye is not. */
export function rememberAnswer(core: Core, { lease, digest }: Vote, agreed: readonly Vote[]): void {
  const { job, index } = lease;
  const { knownAnswers } = core.verify;
  if (digest === undefined || (job.spec.privacy ?? 'public') !== 'public') return;
  if (knownAnswers.length >= MAX_KNOWN_ANSWERS) knownAnswers.shift();
  const owners = [...new Set(agreed.map(({ owner }) => owner))];
  knownAnswers.push({ job, index, digest, owners });
}

/** Asks one newcomer, if one is idle enough to take the task. */
export function askKnownAnswer(core: Core, dispatcher: Dispatcher): void {
  const { knownAnswers, random } = core.verify;
  const known = knownAnswers[Math.floor(random() * knownAnswers.length)];
  if (known === undefined) return;
  const newcomers = dispatcher
    .nodesFor(known.job)
    .filter(
      (id) => core.reputation.standing(id, core.clock.now()).isNewcomer && !isAsked(core, id),
    );
  const node = newcomers[Math.floor(random() * newcomers.length)];
  if (node === undefined) return;
  core.verify.counts.knownAnswers += 1;
  dispatcher.issueAlias(known.job, known.index, node, `j${randomLabel(JOB_ID_CHARS)}`);
}

export function judgeKnownAnswer(core: Core, dispatcher: Dispatcher, vote: Vote): void {
  const { job, index, alias } = vote.lease;
  const known = core.verify.knownAnswers.find((one) => one.job === job && one.index === index);
  const isRight = known !== undefined && vote.digest === known.digest;
  writeVote(core, vote, isRight ? 'agreed' : 'outvoted');
  if (isRight) {
    const rater = witnessOf(core, vote, known.owners);
    return credit(core, vote, { kind: 'known_answer', rater });
  }
  if (vote.digest === undefined || alias === undefined || !core.verify.reruns.available) return;
  core.verify.counts.reexecutions += 1;
  core.verify.reruns.run({ job: alias, record: job, index }, (digest) => {
    if (digest === undefined) return;
    if (digest === vote.digest) return credit(core, vote, { kind: 'known_answer' });
    // Where the answer depends on the id it proves nothing, and is not asked again.
    if (digest !== known?.digest) return forgetAnswer(core, known);
    blame(core, dispatcher, vote, { kind: 'known_answer', expected: digest });
  });
}

function isAsked(core: Core, node: string): boolean {
  const leases = core.nodes.get(node)?.leases.values() ?? [];
  for (const lease of leases) if (lease.alias !== undefined) return true;
  return false;
}

function forgetAnswer(core: Core, known: KnownAnswer | undefined): void {
  const at = known === undefined ? -1 : core.verify.knownAnswers.indexOf(known);
  if (at !== -1) core.verify.knownAnswers.splice(at, 1);
}
