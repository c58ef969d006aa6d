import { MAX_OUTPUT_FILES } from '@fog/wire';

/** Nodes named in the sentence that explains why a job waits. */
export const MAX_EXPLAINED_NODES = 3;
/** Beyond a task's timeout an attempt may take this long for staging and upload; then its node is not believed any more. */
export const ATTEMPT_MARGIN_MS = 1_800_000;
/** Tasks of one placement decision: the search grows with them, and what lies far ahead will be different by then. */
export const MAX_PLANNED_TASKS = 2_000;
/** How exactly it is known when content was last used: more often would be a write for each job. */
export const REFERENCE_DAY_MS = 86_400_000;
/** Content references remembered as good, so that a submit of known content reads nothing. */
export const MAX_REMEMBERED_REFS = 10_000;
/** Copies of one task before the coordinator's own run decides: more would pay for a program that never agrees with itself. */
export const MAX_COPIES = 5;
/** Times lost copies of one task are replaced; a node that loses them is left out long before. */
export const MAX_COPY_LOSSES = 10;
/** Tasks that wait for the coordinator's own run; with more, disputes stay undecided. */
export const MAX_WAITING_RERUNS = 256;
/** Longest run of a task by the coordinator itself; a longer one leaves a dispute undecided. */
export const MAX_RERUN_MS = 600_000;
/** Settled tasks kept to be asked again; each holds its job's spec in memory. */
export const MAX_KNOWN_ANSWERS = 32;
/** Characters of a job id after its `j`: 60 random bits. */
export const JOB_ID_CHARS = 12;
/** Relays of mixnets there is evidence of: four networks of the largest size. */
export const MAX_RATED_RELAYS = 4_000;
/** Different contents sent under one lease: twice what a result may name, for what is packed anew. */
export const MAX_LEASE_UPLOADS: number = 2 * (MAX_OUTPUT_FILES + 2);
