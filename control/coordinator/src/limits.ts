/** Nodes named in the sentence that explains why a job waits. */
export const MAX_EXPLAINED_NODES = 3;
/** Content references remembered as good, so that a submit of known content reads nothing. */
export const MAX_REMEMBERED_REFS = 10_000;
