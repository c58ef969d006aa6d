import type { ErrorKind, FogError } from '@fog/kernel';

/** The only place that knows which kind of error is which HTTP status. */
const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  'bad-input': 400,
  unauthorised: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'rate-limited': 429,
  refused: 422,
  unavailable: 503,
  timeout: 504,
  cancelled: 409,
  bug: 500,
};

/** Codes for which HTTP has a status of its own. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  SERVER_METHOD: 405,
  SERVER_MEDIA_TYPE: 415,
  SERVER_HOST: 421,
  SERVER_SLOW: 408,
  STORE_DISK_FULL: 507,
};

export function httpStatus(error: FogError): number {
  return STATUS_OF_CODE[error.code] ?? STATUS_OF_KIND[error.kind];
}
