/** One request to an authority. A port, so that many authorities can talk in one process without sockets. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import http from '@fog/kernel/http';
import { concatBytes } from '@fog/kernel';
import { fail } from '../errors.ts';
import { CALL_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts';

export interface DirectoryRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with `/v1/`. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** Hash the caller holds, in hex: the answer is then empty with status 304. */
  readonly held?: string;
  readonly maxAnswerBytes?: number;
}

export interface DirectoryAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** The authority's clock, to the second. */
  readonly dateMs?: number;
}

/** Rejects with MIXNET_AUTHORITY when there is no answer, and when the signal ends it. */
export type DirectoryCall = (
  url: string,
  request: DirectoryRequest,
  signal: AbortSignal,
) => Promise<DirectoryAnswer>;

export const CBOR = 'application/cbor';

export const httpDirectoryCall: DirectoryCall = async (url, request, signal) => {
  try {
    return await exchange(
      url,
      request,
      AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    );
  } catch (cause) {
    throw fail('MIXNET_AUTHORITY', {
      message: `The directory authority at ${url} gave no answer: ${reasonOf(cause)}.`,
      details: { url },
      cause,
    });
  }
};

async function exchange(
  url: string,
  { method, path, body, held, maxAnswerBytes = MAX_ANSWER_BYTES }: DirectoryRequest,
  signal: AbortSignal,
): Promise<DirectoryAnswer> {
  const options: RequestOptions = {
    method,
    signal,
    // A fresh connection each: calls are seconds apart, and a kept one may be half-closed.
    agent: false,
    headers: {
      ...(body === undefined ? {} : { 'content-type': CBOR, 'content-length': body.length }),
      ...(held === undefined ? {} : { 'if-none-match': `"${held}"` }),
    },
  };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = http.request(new URL(path, url), options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
  const answer = await readAll(message, maxAnswerBytes);
  const dateMs = Date.parse(message.headers.date ?? '');
  return {
    status: message.statusCode ?? 0,
    body: answer,
    ...(Number.isNaN(dateMs) ? {} : { dateMs }),
  };
}

async function readAll(message: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of message as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) {
      message.destroy();
      throw new Error(`its answer has more than ${maxBytes} bytes`);
    }
    parts.push(part);
  }
  return concatBytes(parts);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'it was interrupted';
  if (cause.name === 'TimeoutError') return `none within ${CALL_TIMEOUT_MS / 1_000} s`;
  if (cause.name === 'AbortError') return 'it was interrupted';
  return cause.message === '' ? cause.name : cause.message;
}
