import { Readable } from 'node:stream';
import { GuestPath, type Outcome, type OutputBytes, parseWith } from '@fog/wire';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';
import { TaskParams } from './jobs.ts';

const StreamQuery = z.strictObject({ offset: z.coerce.number().int().min(0).default(0) });
const FileParams = z.object({ '*': GuestPath });

const config = { access: 'account', anywhere: true } as const;

/** The bytes tasks produced. They are a stranger's: never shown by a browser as a page of this origin. */
const UNTRUSTED = {
  'content-type': 'application/octet-stream',
  'content-disposition': 'attachment',
  'content-security-policy': 'sandbox',
  'x-content-type-options': 'nosniff',
};

export function addOutputRoutes(app: FastifyInstance, deps: RouteDeps): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    app.get(`/api/v1/jobs/:id/tasks/:index/${stream}`, { config }, async (request, reply) => {
      const { offset } = parseWith(StreamQuery, request.query, 'query');
      const { outcome } = await endedTask(request, deps);
      return sendBytes(reply, deps, outcome[stream], offset);
    });
  }

  app.get('/api/v1/jobs/:id/tasks/:index/files/*', { config }, async (request, reply) => {
    const path = parseWith(FileParams, request.params, 'path')['*'];
    const { index, outcome } = await endedTask(request, deps);
    const file = outcome.files.find((each) => each.path === path);
    if (file !== undefined) return sendBytes(reply, deps, file.bytes, 0);
    throw fail('SERVER_NO_OUTPUT', {
      message: `Task ${index} handed back no file "${path}". Name the files to hand back with --output when the job is submitted.`,
      details: { path },
    });
  });
}

async function endedTask(
  request: FastifyRequest,
  deps: RouteDeps,
): Promise<{ index: number; outcome: Outcome }> {
  const { id, index } = parseWith(TaskParams, request.params, 'path');
  const { outcome, state } = await deps.coordinator.task(request.caller.account, id, index);
  if (outcome !== undefined) return { index, outcome };
  throw fail('SERVER_NO_OUTPUT', {
    message: `Task ${index} is ${state} and has no output yet. Wait for its end, or follow the job live.`,
    details: { state },
  });
}

async function sendBytes(
  reply: FastifyReply,
  deps: RouteDeps,
  bytes: OutputBytes,
  offset: number,
): Promise<FastifyReply> {
  reply.headers(UNTRUSTED);
  if (offset >= bytes.sizeBytes) return reply.send(Buffer.alloc(0));
  if (bytes.content === undefined) {
    return reply.send(Buffer.from(bytes.data ?? '', 'base64').subarray(offset));
  }
  const source = await deps.blobs.open(bytes.content, { start: offset });
  reply.header('content-length', bytes.sizeBytes - offset);
  return reply.send(asReadable(source));
}

export function asReadable(source: AsyncIterable<Uint8Array>): Readable {
  return source instanceof Readable ? source : Readable.from(source, { objectMode: false });
}
