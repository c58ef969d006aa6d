/** Errors as problem details. @spec RFC 9457 */
import http from '@fog/kernel/http';
import { randomLabel } from '@fog/crypto';
import { errorMessage, type FogError, isFogError, type Logger } from '@fog/kernel';
import type { Problem } from '@fog/wire';
import { fail } from '../errors.ts';
import { httpStatus } from './http-status.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** Any thrown value as a problem. What a bug says stays in the log, under the id the problem shows. */
export function toProblem(thrown: unknown, logger: Logger, where: string): Problem {
  const error = shownError(thrown, logger, where);
  const status = httpStatus(error);
  return {
    type: `urn:fog:error:${error.code}`,
    title: http.STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    kind: error.kind,
    retryable: error.retryable,
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
  };
}

/** Headers beside the media type that a status asks for. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE };
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  if (problem.status === 429 || (problem.status === 503 && problem.retryable)) {
    const { retryAfterSeconds: seconds } = problem.details ?? {};
    headers['retry-after'] = typeof seconds === 'number' ? String(seconds) : '1';
  }
  return headers;
}

/** The whole answer as bytes, for sockets that have no response object. */
export function rawProblem(problem: Problem): string {
  const body = JSON.stringify(problem);
  const headers = Object.entries({
    ...problemHeaders(problem),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines}\r\n${body}`;
}

function shownError(thrown: unknown, logger: Logger, where: string): FogError {
  const error = isFogError(thrown) ? thrown : (frameworkError(thrown) ?? thrown);
  if (isFogError(error) && error.kind !== 'bug') return error;
  const id = randomLabel(10);
  logger.error('a request failed', {
    id,
    where,
    cause: errorMessage(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return fail('SERVER_BUG', {
    message: `The fog failed to do this. Its log says more under the id ${id}.`,
    details: { id },
  });
}

/** What Fastify throws for a request it cannot read. */
function frameworkError(thrown: unknown): FogError | undefined {
  const { code, statusCode } = thrown as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return fail('SERVER_TOO_LARGE', { cause: thrown });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return fail('SERVER_MEDIA_TYPE', { cause: thrown });
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  return fail('SERVER_BODY', {
    message: `The request cannot be read: ${errorMessage(thrown)}.`,
    cause: thrown,
  });
}
