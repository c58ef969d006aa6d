/** Every bound of the contract, beside its reason; listed in docs/reference/limits.md. */

/** Agent socket frame. Blobs go by HTTP, so a frame only carries leases, results and output chunks. */
export const MAX_AGENT_FRAME_BYTES = 256 * 1024;
/** Outputs up to this size live in the result row: many small fsynced files cost far more than one row. */
export const MAX_INLINE_OUTPUT_BYTES = 16 * 1024;
/** A spec up to this size travels inside the lease message; larger ones are fetched by HTTP. */
export const MAX_INLINE_SPEC_BYTES = 16 * 1024;
/** JSON request body; a submit with 10,000 inputs or 100,000 items stays under it. */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** One uploaded blob: module, input file or output. */
export const MAX_BLOB_BYTES = 1024 * 1024 * 1024;
/** Tasks of one array job; larger sweeps are several jobs. */
export const MAX_ARRAY_TASKS = 100_000;
/** Input files of one job; a directory counts each file. */
export const MAX_INPUT_FILES = 10_000;
/** Files a task may hand back. */
export const MAX_OUTPUT_FILES = 1_000;
/** Command-line arguments of the program. */
export const MAX_ARGS = 1_024;
/** All arguments together, as execve would bound them. */
export const MAX_ARGS_BYTES = 128 * 1024;
/** Environment variables of the program. */
export const MAX_ENV_VARS = 256;
/** stdout, and apart from it stderr, of one task. Over it the task fails with OUTPUT_LIMIT. */
export const MAX_STREAM_BYTES = 64 * 1024 * 1024;
/** Program memory when the job does not say. */
export const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;
/** A 32-bit wasm memory cannot be larger. */
export const MAX_MEMORY_BYTES = 4 * 1024 * 1024 * 1024;
/** One wasm page; less memory runs nothing. */
export const MIN_MEMORY_BYTES = 64 * 1024;
/** Running phase of one task when the job does not say. */
export const DEFAULT_TIMEOUT_MS = 3_600_000;
/** A week; longer work needs checkpoints. */
export const MAX_TIMEOUT_MS = 7 * 24 * 3_600_000;
/** Times a task is tried again when the fog, not the program, failed. */
export const DEFAULT_RETRIES = 5;
/** Longest time a long poll may hold a request; proxies cut at 60 s. */
export const MAX_WAIT_MS = 30_000;
/** Results in one answer. */
export const MAX_PAGE = 1_000;
/** Leases an agent may hold for each slot: no-op tasks keep it busy while their results share frames. */
export const CREDIT_PER_SLOT = 32;
/** Cores one task may hold; more is several tasks. */
export const MAX_CORES = 1_024;
/** Disk one task may hold: guest files live in memory or on a laptop's disk. */
export const MAX_DISK_BYTES = 1024 * 1024 * 1024 * 1024;
/** GPUs one task may hold. */
export const MAX_GPUS = 64;
/** Labels of a node or of a job: they travel with each heartbeat of the registry's views. */
export const MAX_LABELS = 32;
/** Nodes a job may exclude by name. */
export const MAX_EXCLUDED_NODES = 256;
/** Jobs one job may wait for. */
export const MAX_NEEDS = 64;
/** Outputs taken from one needed job. */
export const MAX_NEEDED_OUTPUTS = 1_000;
/** Jobs of one batch: with small specs it stays well below the request limit. */
export const MAX_BATCH_JOBS = 1_000;
/** Results one signed batch may hold: what a results frame carries. */
export const MAX_RESULTS_PER_FRAME = 1_024;
/** Replicas of one deployment. */
export const MAX_REPLICAS = 1_000;
/** Addresses of coordinators an agent or client remembers. */
export const MAX_ADDRESSES = 16;
/** Coordinators of one fog that are shown: one leads, and the others stand by for it. */
export const MAX_COORDINATORS = 64;
/** Choices told of the front of one plan: more say nothing more to a person. */
export const MAX_FRONT = 64;
/** Jobs named in one plan; a batch of more is known by its first. */
export const MAX_PLAN_JOBS = 1_000;
/** Longest search for a placement: more finds little, and the planning thread has others waiting. */
export const MAX_PLAN_BUDGET_MS = 2_000;
/** Breaches of service levels in one answer: the newest say what goes wrong. */
export const MAX_SHOWN_BREACHES = 50;
