/**
 * Content-addressed bytes in an S3-compatible bucket: `<prefix><first two hex digits>/<sha256>`. An
 * upload is received whole on disk, so its hash is known before one request sends it to its final key
 * with the hash in the signature: no temporary key is left, and the bucket holds what the name says.
 */
import type { IncomingMessage } from 'node:http';
import { errorMessage } from '@fog/kernel';
import path from 'node:path';
import { probe } from '../probe.ts';
import type { Blobs, BucketOptions } from './blobs.ts';
import { contentName, noBlob, openIncoming } from './incoming.ts';
import { createS3Client, refused, unreachable } from './s3-client.ts';
import { parseS3Target, type S3Target } from './s3-target.ts';

export async function openS3Blobs(dir: string, bucket: BucketOptions): Promise<Blobs> {
  const target = parseS3Target(bucket);
  const send = createS3Client(target);
  const keyOf = (content: string): string => `${target.prefix}${contentName(content)}`;
  // A bucket that may not be listed answers 403 also for a key it does not have, which would be taken
  // for a refusal.
  const checkBucket = async (signal?: AbortSignal): Promise<void> =>
    drop(await expect(target, await send({ method: 'HEAD', key: '', signal }), [200]), undefined);
  // Asked at the start, so that a wrong address fails there.
  await checkBucket();
  const incoming = await openIncoming(path.join(dir, 'incoming'));
  return {
    place: target.place,
    put: (source, options) =>
      // Sent also when the bucket has it: no answer and no timing may tell that somebody else sent it.
      incoming.receive(source, options, async (file, { content, sizeBytes }) => {
        const body = { file, sizeBytes, sha256: content };
        const { signal } = options;
        const answer = await send({ method: 'PUT', key: keyOf(content), body, signal });
        drop(await expect(target, answer, [200]), undefined);
      }),
    open: async (content, { start = 0 } = {}) => {
      const headers = start === 0 ? {} : { range: `bytes=${start}-` };
      const answer = await send({ method: 'GET', key: keyOf(content), headers });
      if (answer.statusCode === 404) throw drop(answer, noBlob(content));
      // From behind the last byte there is nothing, as on disk.
      if (answer.statusCode === 416) return drop(answer, nothing());
      await expect(target, answer, [start === 0 ? 200 : 206]);
      return bytesOf(target, answer);
    },
    size: async (content) => {
      const answer = await send({ method: 'HEAD', key: keyOf(content) });
      if (answer.statusCode === 404) return drop(answer, undefined);
      await expect(target, answer, [200]);
      return drop(answer, Number(answer.headers['content-length']));
    },
    remove: async (content) => {
      const answer = await send({ method: 'DELETE', key: keyOf(content) });
      drop(await expect(target, answer, [200, 204, 404]), undefined);
    },
    health: (signal) => {
      const silence = `The object storage does not answer (${target.place}). Look at its server and the network.`;
      const ask = (over: AbortSignal): Promise<unknown> =>
        Promise.all([checkBucket(over), incoming.check()]);
      return probe(ask, { bad: 'degraded', silence }, signal);
    },
  };
}

async function expect(
  target: S3Target,
  answer: IncomingMessage,
  statuses: readonly number[],
): Promise<IncomingMessage> {
  if (!statuses.includes(answer.statusCode ?? 0)) throw await refused(target, answer);
  return answer;
}

/** Frees the connection of an answer whose body nobody reads. */
function drop<T>(answer: IncomingMessage, result: T): T {
  answer.resume();
  return result;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* bytesOf(target: S3Target, answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    throw unreachable(target, errorMessage(error), error);
  }
}
