import { errorMessage, formatSize, isFogError } from '@fog/kernel';
import type { StoredBlob } from '@fog/store';
import { MAX_BLOB_BYTES } from '@fog/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../errors.ts';
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
  try {
    // The stream outlives a refusal, so that the answer reaches the client.
    const body = raw.iterator({ destroyOnReturn: false });
    return await deps.blobs.put(body, { maxBytes: MAX_BLOB_BYTES, signal });
  } catch (error) {
    if (isFogError(error, 'STORE_BLOB_TOO_LARGE')) throw tooLarge();
    if (!raw.destroyed || isFogError(error)) throw error;
    throw fail('SERVER_BODY', {
      message: `The upload was cut off: ${errorMessage(error)}.`,
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function tooLarge(): Error {
  return fail('SERVER_TOO_LARGE', {
    message: `The content is larger than ${formatSize(MAX_BLOB_BYTES)}, the most one file may have. Split it.`,
    details: { maxBytes: MAX_BLOB_BYTES },
  });
}
