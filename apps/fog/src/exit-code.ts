import { type ErrorKind, FogError } from '@fog/kernel';
import { EXIT_CODES } from '@fog/wire';

/** The one place that turns a kind of error into an exit code. */
const EXIT_CODE_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  'bad-input': EXIT_CODES.usage,
  'not-found': EXIT_CODES.usage,
  'too-large': EXIT_CODES.usage,
  unauthorised: EXIT_CODES.refused,
  forbidden: EXIT_CODES.refused,
  refused: EXIT_CODES.refused,
  conflict: EXIT_CODES.fogFailed,
  'rate-limited': EXIT_CODES.fogFailed,
  unavailable: EXIT_CODES.fogFailed,
  timeout: EXIT_CODES.fogFailed,
  cancelled: EXIT_CODES.interrupted,
  bug: EXIT_CODES.fogFailed,
};

/** A conflict with what was asked for, not with what the fog does now: only another line helps. */
const USAGE_CONFLICTS: readonly string[] = ['COORDINATOR_NAME_TAKEN'];

export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof FogError)) return EXIT_CODES.fogFailed;
  if (USAGE_CONFLICTS.includes(error.code)) return EXIT_CODES.usage;
  return EXIT_CODE_OF_KIND[error.kind];
}

/** 128 + the number of the signal, as a shell reports it. */
export const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
