import { MAX_OUTPUT_FILES } from '@fog/wire';

/** Nodes named in the sentence that explains why a job waits. */
export const MAX_EXPLAINED_NODES = 3;
/** Beyond a task's timeout an attempt may take this long for staging and upload; then its node is not believed any more. */
export const ATTEMPT_MARGIN_MS = 1_800_000;
/** Content references remembered as good, so that a submit of known content reads nothing. */
export const MAX_REMEMBERED_REFS = 10_000;
/** Different contents sent under one lease: twice what a result may name, for what is packed anew. */
export const MAX_LEASE_UPLOADS: number = 2 * (MAX_OUTPUT_FILES + 2);
