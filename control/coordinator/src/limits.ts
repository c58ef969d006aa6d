import { MAX_OUTPUT_FILES } from '@fog/wire';

/** Nodes named in the sentence that explains why a job waits. */
export const MAX_EXPLAINED_NODES = 3;
/** Content references remembered as good, so that a submit of known content reads nothing. */
export const MAX_REMEMBERED_REFS = 10_000;
/** Different contents sent under one lease: twice what a result may name, for what is packed anew. */
export const MAX_LEASE_UPLOADS: number = 2 * (MAX_OUTPUT_FILES + 2);
