/** What agents fetch and send by HTTP beside their socket; authorised by the token of that socket alone. */
import { FencingToken, JobId, parseWith, type UploadedBlob } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';
import { confirmStored, receiveBlob } from '../receive-blob.ts';
import { ContentParams } from './blobs.ts';
import { asReadable } from './outputs.ts';

const LeaseQuery = z.strictObject({ token: z.coerce.number().pipe(FencingToken) });
const JobParams = z.object({ id: JobId });

const config = { access: 'node' } as const;

export function addAgentRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { coordinator } = deps;

  app.get('/api/v1/agent/jobs/:id', { config }, async (request) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    return coordinator.leasedSpec(request.agent.node, id);
  });

  app.get('/api/v1/agent/blobs/:content', { config }, async (request, reply) => {
    const { content } = parseWith(ContentParams, request.params, 'path');
    if (!coordinator.nodeMayRead(request.agent.node, content)) throw fail('SERVER_NO_CONTENT');
    return reply
      .header('content-type', 'application/octet-stream')
      .send(asReadable(await deps.blobs.open(content)));
  });

  app.post('/api/v1/agent/blobs', { config }, async (request, reply) => {
    const { token } = parseWith(LeaseQuery, request.query, 'query');
    const { node, signal } = request.agent;
    if (!coordinator.mayUpload(node, token)) throw fail('SERVER_NO_LEASE');
    const ends = AbortSignal.any([signal, deps.stopping]);
    const startedMs = deps.clock.monotonicMs();
    const { content, sizeBytes }: UploadedBlob = await receiveBlob(request, deps, ends);
    const tookMs = deps.clock.monotonicMs() - startedMs;
    await coordinator.leaseUploaded(node, token, { content, sizeBytes, tookMs });
    await confirmStored(deps, content);
    return reply.code(201).send({ content, sizeBytes });
  });
}
