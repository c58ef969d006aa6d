import type { IncomingMessage } from 'node:http';
import { type ErrorKind, FogError } from '@fog/kernel';
import { Problem } from '@fog/wire';
import { fail } from '../errors.ts';

const KINDS: Readonly<Record<ErrorKind, true>> = {
  'bad-input': true,
  unauthorised: true,
  forbidden: true,
  'not-found': true,
  conflict: true,
  'too-large': true,
  'rate-limited': true,
  refused: true,
  unavailable: true,
  timeout: true,
  cancelled: true,
  bug: true,
};

/** The error a non-2xx answer stands for: the server's own code, kind and details. */
export function problemError(url: URL, answer: IncomingMessage, body: Uint8Array): FogError {
  const problem = parseProblem(body);
  if (answer.statusCode === 401) {
    return fail('CLIENT_UNAUTHORISED', {
      message: `The fog at ${url.origin} does not accept this token. Use the one in the token file that its "fog up" names.`,
      details: { url: url.origin },
    });
  }
  if (problem === undefined) {
    return fail('CLIENT_BAD_ANSWER', {
      message: `${url.origin} answered HTTP ${answer.statusCode} and not as a fog would. Check the address.`,
      details: { url: url.origin, status: answer.statusCode },
    });
  }
  const kind = problem.kind in KINDS ? (problem.kind as ErrorKind) : 'bug';
  return new FogError(
    problem.code,
    { message: problem.detail, kind, retryable: problem.retryable },
    { details: problem.details ?? {} },
  );
}

function parseProblem(body: Uint8Array): Problem | undefined {
  try {
    return Problem.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return undefined;
  }
}
