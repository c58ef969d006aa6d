import { once } from 'node:events';
import { type Clock, errorMessage, formatDuration, formatSize, isFogError } from '@fog/kernel';
import type { StoredBlob } from '@fog/store';
import { MAX_BLOB_BYTES } from '@fog/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../errors.ts';
import { UPLOAD_BYTES_PER_SECOND, UPLOAD_CHECK_MS, UPLOAD_GRACE_MS } from './limits.ts';
import type { RouteDeps } from './ports.ts';

/** Bodies of bytes reach their route as the stream they are. */
export function addByteBodies(app: FastifyInstance): void {
  app.addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null));
}

/** Streams the body into the blobs, as fast as the disk takes it. A cut upload leaves nothing behind. */
export async function receiveBlob(
  request: FastifyRequest,
  deps: RouteDeps,
  signal: AbortSignal,
): Promise<StoredBlob> {
  const { raw } = request;
  if (raw.headers['content-type'] !== 'application/octet-stream') throw fail('SERVER_MEDIA_TYPE');
  if (Number(raw.headers['content-length'] ?? 0) > MAX_BLOB_BYTES) throw tooLarge();
  const cut = (): void => void raw.destroy();
  signal.addEventListener('abort', cut, { once: true });
  const pace = watchPace(deps.clock);
  const both = AbortSignal.any([signal, pace.slow]);
  try {
    // The stream outlives a refusal, so that the answer reaches the client.
    const body = raw.iterator({ destroyOnReturn: false });
    const timely = pace.through(body);
    return await deps.blobs.put(timely, { maxBytes: MAX_BLOB_BYTES, signal: both });
  } catch (error) {
    if (pace.slow.aborted) throw tooSlow();
    if (isFogError(error, 'STORE_BLOB_TOO_LARGE')) throw tooLarge();
    if (!raw.destroyed || isFogError(error)) throw error;
    throw fail('SERVER_BODY', {
      message: `The upload was cut off: ${errorMessage(error)}.`,
      cause: error,
    });
  } finally {
    pace.end();
    signal.removeEventListener('abort', cut);
  }
}

/**
 * After somebody refers to the content: it may have been there before, unused, and have been removed between
 * its coming and that. Throws SERVER_CONTENT_REMOVED.
 */
export async function confirmStored(
  { blobs }: Pick<RouteDeps, 'blobs'>,
  content: string,
): Promise<void> {
  if ((await blobs.size(content)) === undefined) throw fail('SERVER_CONTENT_REMOVED');
}

interface Pace {
  /** Aborted once the bytes come too slowly. */
  readonly slow: AbortSignal;
  through(body: AsyncIterableIterator<Uint8Array>): AsyncIterable<Uint8Array>;
  end(): void;
}

function watchPace(clock: Clock): Pace {
  const slow = new AbortController();
  const startedMs = clock.monotonicMs();
  let sizeBytes = 0;
  const end = clock.every(UPLOAD_CHECK_MS, () => {
    const fairMs = UPLOAD_GRACE_MS + (sizeBytes / UPLOAD_BYTES_PER_SECOND) * 1_000;
    if (clock.monotonicMs() - startedMs > fairMs) slow.abort(tooSlow());
  });
  const ended = once(slow.signal, 'abort').then((): never => {
    throw tooSlow();
  });
  ended.catch(() => {});
  return {
    slow: slow.signal,
    end,
    through: async function* (body) {
      try {
        for (;;) {
          // Waits for no byte that may never come.
          const next = await Promise.race([body.next(), ended]);
          if (next.done === true) return;
          sizeBytes += next.value.length;
          yield next.value;
        }
      } finally {
        // Lets go of the stream, so that what still comes can be dropped; not awaited: it waits for the next byte.
        body.return?.().catch(() => {});
      }
    },
  };
}

function tooSlow(): Error {
  const grace = formatDuration(UPLOAD_GRACE_MS);
  const rate = formatSize(UPLOAD_BYTES_PER_SECOND);
  return fail('SERVER_SLOW', {
    message: `The upload came too slowly: after ${grace} it must have come at ${rate} a second. Put the bytes into a file and upload that.`,
  });
}

function tooLarge(): Error {
  return fail('SERVER_TOO_LARGE', {
    message: `The content is larger than ${formatSize(MAX_BLOB_BYTES)}, the most one file may have. Split it.`,
    details: { maxBytes: MAX_BLOB_BYTES },
  });
}
