/**
 * What went wrong, seen from the caller. One table maps a kind to an HTTP status
 * (control/server) and one to an exit code (apps/fog); lower layers know neither.
 */
export type ErrorKind =
  | 'bad-input'
  | 'unauthorised'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'rate-limited'
  | 'refused'
  | 'unavailable'
  | 'timeout'
  | 'cancelled'
  | 'bug';

export interface ErrorRow {
  /** Constant sentence; facts belong into `details`, and the full text into the thrower's message. */
  readonly message: string;
  readonly kind: ErrorKind;
  /** True when the same call may succeed later without change. */
  readonly retryable?: boolean;
}

export type ErrorTable = Readonly<Record<string, ErrorRow>>;

export interface FogErrorInit {
  /** Replaces the row's message: what, where and how to mend it. */
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error class of the product. `code` is stable, `message` is not. */
export class FogError extends Error {
  override readonly name = 'FogError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, row: ErrorRow, init: FogErrorInit = {}) {
    super(init.message ?? row.message, init.cause === undefined ? {} : { cause: init.cause });
    this.code = code;
    this.kind = row.kind;
    this.retryable = row.retryable ?? false;
    this.details = init.details ?? {};
  }
}

export type ErrorFactory<T extends ErrorTable> = (
  code: keyof T & string,
  init?: FogErrorInit,
) => FogError;

/** Makes a package's error constructor from its table: `throw fail('STORE_LOCKED', {…})`. */
export function defineErrors<T extends ErrorTable>(table: T): ErrorFactory<T> {
  return (code, init) => new FogError(code, table[code] as ErrorRow, init);
}

export function isFogError(error: unknown, code?: string): error is FogError {
  return error instanceof FogError && (code === undefined || error.code === code);
}

/** A one-line text for any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
