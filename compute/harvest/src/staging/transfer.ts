/** Blobs and large specs by HTTP under /api/v1/agent, with the bearer token of the open session. */
import { createReadStream, createWriteStream } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import http from '@fog/kernel/http';
import { pipeline } from 'node:stream/promises';
import { createSha256 } from '@fog/crypto';
import { type Clock, errorMessage, FogError, formatDuration } from '@fog/kernel';
import {
  JobSpec,
  MAX_BLOB_BYTES,
  MAX_REQUEST_BYTES,
  parseWith,
  Problem,
  UploadedBlob,
} from '@fog/wire';
import { fail } from '../errors.ts';
import type { HttpAccess } from '../session/http-access.ts';
import {
  MAX_ANSWER_BYTES,
  TRANSFER_PAUSE_MS,
  TRANSFER_STALL_MS,
  TRANSFER_TRIES,
} from '../limits.ts';
import { pause } from './pause.ts';
import { readJson } from './read-json.ts';

/** Bytes to upload: in memory, or a file of known size. */
export interface UploadBody {
  readonly content: string;
  readonly sizeBytes: number;
  readonly source: Uint8Array | { readonly file: string };
}

/** Calls throw AGENT_TRANSFER, AGENT_TRANSFER_REFUSED or WIRE_INVALID, also when the signal ends them. */
export interface Transfer {
  /** Writes the blob to a new file; its bytes have the hash `content` when it resolves. */
  download(content: string, file: string, signal: AbortSignal): Promise<number>;
  /** Hands output bytes over under a lease; the coordinator has confirmed their hash when it resolves. */
  upload(token: number, body: UploadBody, signal: AbortSignal): Promise<void>;
  jobSpec(job: string, signal: AbortSignal): Promise<JobSpec>;
}

export interface TransferDeps {
  readonly clock: Clock;
  /** Waits while there is no session. */
  readonly access: (signal: AbortSignal) => Promise<HttpAccess>;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: UploadBody;
  readonly signal: AbortSignal;
}

/** The next try finds the same disk. */
const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'];
const UNAUTHORISED = 401;
const TOO_MANY = 429;

export function createTransfer(deps: TransferDeps): Transfer {
  const open = async (call: Call): Promise<IncomingMessage> => {
    const { token, base, agent } = await deps.access(call.signal);
    const url = new URL(`api/v1/agent/${call.path}`, base);
    const sent = http.request(url, {
      agent,
      method: call.method,
      signal: call.signal,
      timeout: TRANSFER_STALL_MS,
      headers: { authorization: `Bearer ${token}`, ...bodyHeaders(call.body) },
    });
    sent.on('timeout', () => sent.destroy(stalled()));
    return await answerOf(sent, call.body);
  };
  const once = async <T>(call: Call, use: (answer: IncomingMessage) => Promise<T>): Promise<T> => {
    try {
      const answer = await open(call);
      try {
        if (answer.statusCode !== 200 && answer.statusCode !== 201) throw await refusal(answer);
        return await use(answer);
      } finally {
        if (!answer.complete) answer.destroy();
      }
    } catch (error) {
      if (error instanceof FogError) throw error;
      const { code = '' } = error as NodeJS.ErrnoException;
      const disk = DISK_CODES.includes(code);
      throw fail(disk ? 'AGENT_DISK' : 'AGENT_TRANSFER', {
        message: disk ? `the disk of this machine takes no more (${code})` : errorMessage(error),
        cause: error,
      });
    }
  };
  const transfer = async <T>(
    call: Call,
    use: (answer: IncomingMessage) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(call, use);
      } catch (error) {
        const again = error instanceof FogError && error.retryable && attempt < TRANSFER_TRIES;
        if (!again || call.signal.aborted) throw error;
        await pause(deps.clock, TRANSFER_PAUSE_MS * 2 ** (attempt - 1), call.signal);
      }
    }
  };
  return {
    download: (content, file, signal) =>
      transfer({ method: 'GET', path: `blobs/${content}`, signal }, (answer) =>
        saveBlob(answer, content, file),
      ),
    upload: (token, body, signal) =>
      transfer({ method: 'POST', path: `blobs?token=${token}`, body, signal }, async (answer) => {
        const told = parseWith(UploadedBlob, await readJson(answer, MAX_ANSWER_BYTES), 'upload');
        if (told.content !== body.content || told.sizeBytes !== body.sizeBytes) {
          throw fail('AGENT_TRANSFER', { message: 'the uploaded bytes arrived damaged' });
        }
      }),
    jobSpec: (job, signal) =>
      transfer({ method: 'GET', path: `jobs/${job}`, signal }, async (answer) =>
        parseWith(JobSpec, await readJson(answer, MAX_REQUEST_BYTES), `spec of job ${job}`),
      ),
  };
}

function bodyHeaders(body: UploadBody | undefined): Record<string, string | number> {
  if (body === undefined) return {};
  return { 'content-type': 'application/octet-stream', 'content-length': body.sizeBytes };
}

/** Sends the body and waits for the answer, which may come before the body is through. */
async function answerOf(
  sent: ClientRequest,
  body: UploadBody | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sent.once('response', resolve);
  // Stays: a late error of a finished exchange must not be an unhandled one.
  sent.on('error', reject);
  if (body === undefined) sent.end();
  else if ('file' in body.source) {
    pipeline(createReadStream(body.source.file), sent).catch(reject);
  } else sent.end(body.source);
  return await promise;
}

async function saveBlob(answer: IncomingMessage, content: string, file: string): Promise<number> {
  const hash = createSha256();
  let sizeBytes = 0;
  const check = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BLOB_BYTES) throw fail('AGENT_TRANSFER_REFUSED', { message: TOO_LARGE });
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(answer, check, createWriteStream(file, { flags: 'w', mode: 0o600 }));
  if (hash.digest('hex') !== content) {
    throw fail('AGENT_TRANSFER', { message: `the bytes of ${content} arrived damaged` });
  }
  return sizeBytes;
}

const TOO_LARGE = 'a blob is over the limit of 1 GiB';

/** 401 may name the token of a session that has just been replaced: worth another try. */
async function refusal(answer: IncomingMessage): Promise<FogError> {
  const status = answer.statusCode ?? 0;
  const body = await readJson(answer, MAX_ANSWER_BYTES).catch(() => undefined);
  const problem = Problem.safeParse(body);
  const detail = problem.success ? `: ${problem.data.detail.slice(0, 300)}` : '';
  const again = status >= 500 || status === UNAUTHORISED || status === TOO_MANY;
  return fail(again ? 'AGENT_TRANSFER' : 'AGENT_TRANSFER_REFUSED', {
    message: `the coordinator answered HTTP ${status}${detail}`,
    details: { status },
  });
}

function stalled(): FogError {
  return fail('AGENT_TRANSFER', { message: `no byte for ${formatDuration(TRANSFER_STALL_MS)}` });
}
