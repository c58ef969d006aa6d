/** Signed requests to an S3-compatible server, tried again while trying helps, never hanging. */
import { createReadStream } from 'node:fs';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@fog/kernel';
import http from '@fog/kernel/http';
import { AwsV4Signer } from 'aws4fetch';
import { fail } from '../errors.ts';
import type { S3Target } from './s3-target.ts';

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Within the bucket; empty: the bucket itself. */
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: S3Body;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Body {
  readonly file: string;
  readonly sizeBytes: number;
  /** Signed, so the server refuses any other bytes. */
  readonly sha256: string;
}

/** Answers, with a body to read or `resume`, for every status below 500 but 429. */
export type SendS3 = (request: S3Request) => Promise<IncomingMessage>;

/** A connection on which no byte moves for this long is dead. */
const SILENT_MS = 30_000;
/** A server that is restarted is away for about this many tries. */
const TRIES = 4;
/** Doubled after each try. */
const FIRST_PAUSE_MS = 200;
/** Connections to one server; more uploads at once wait. */
const MAX_SOCKETS = 16;
/** SHA-256 of no bytes. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function createS3Client(target: S3Target): SendS3 {
  const secure = target.bucketUrl.startsWith('https:');
  const agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const start = (url: URL, options: RequestOptions): ClientRequest =>
    secure ? https.request(url, { ...options, agent }) : http.request(url, { ...options, agent });
  return async (request) => {
    for (let tries = 1; ; tries += 1) {
      request.signal?.throwIfAborted();
      const failure = await attempt(target, request, start).catch((error: unknown) => {
        request.signal?.throwIfAborted();
        return unreachable(target, errorMessage(error), error);
      });
      if (!(failure instanceof Error)) return failure;
      if (tries === TRIES) throw failure;
      const { signal } = request;
      await delay(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, signal && { signal });
    }
  };
}

/** The answer, or the error of one that is worth another try. */
async function attempt(
  target: S3Target,
  request: S3Request,
  start: (url: URL, options: RequestOptions) => ClientRequest,
): Promise<IncomingMessage | Error> {
  const { method, url, headers } = await sign(target, request);
  const sent = start(url, { method, headers, signal: request.signal });
  sent.setTimeout(SILENT_MS, () => {
    sent.destroy(new Error(`nothing came for ${SILENT_MS / 1000} s`));
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  answered.catch(() => {});
  // An answer may come before the last byte went out: then it is the answer that counts.
  if (request.body === undefined) sent.end();
  else await pipeline(createReadStream(request.body.file), sent).catch(() => {});
  const answer = await answered;
  const status = answer.statusCode ?? 0;
  if (status < 500 && status !== 429) return answer;
  return unreachable(target, `it answered ${status} ${await s3Text(answer)}`);
}

async function sign(
  { bucketUrl, region, credentials }: S3Target,
  { method, key, headers, body }: S3Request,
): Promise<{ method: string; url: URL; headers: Record<string, string> }> {
  const signer = new AwsV4Signer({
    ...credentials,
    method,
    url: key === '' ? bucketUrl : `${bucketUrl}/${key}`,
    service: 's3',
    region,
    headers: { ...headers, 'x-amz-content-sha256': body?.sha256 ?? EMPTY_SHA256 },
  });
  const signed = await signer.sign();
  const length = body === undefined ? {} : { 'content-length': String(body.sizeBytes) };
  return { method, url: signed.url, headers: { ...Object.fromEntries(signed.headers), ...length } };
}

export function unreachable({ place }: S3Target, why: string, cause?: unknown): Error {
  return fail('STORE_BLOBS_UNREACHABLE', {
    message: `The object storage cannot be reached (${place}): ${why}. Check its endpoint and the network.`,
    details: { place },
    cause,
  });
}

/** A status that no other try would change. */
export async function refused({ place }: S3Target, answer: IncomingMessage): Promise<Error> {
  const text = await s3Text(answer);
  return fail('STORE_BLOBS_REFUSED', {
    message: `The object storage refuses the fog (${place}): ${answer.statusCode} ${text}. Check that the bucket exists, its region, and that the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY may list it and read, write and delete in it.`,
    details: { place, status: answer.statusCode },
  });
}

/** An error document is a few hundred bytes. */
const MAX_ERROR_CHARS = 4096;

/** Code and message of an error document; the status' own words when there is none, as after HEAD. */
async function s3Text(answer: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk as string;
      if (text.length > MAX_ERROR_CHARS) break;
    }
  } catch {
    // The status says enough.
  }
  const words = ['Code', 'Message'].map((tag) =>
    new RegExp(`<${tag}>([^<]{1,200})</${tag}>`).exec(text)?.[1]?.replace(/\.$/, ''),
  );
  const found = words.filter((word) => word !== undefined);
  return found.length === 0 ? (answer.statusMessage ?? '') : found.join(': ');
}
