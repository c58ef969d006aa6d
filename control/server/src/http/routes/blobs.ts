import { ContentId, parseWith } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';
import { confirmStored, receiveBlob } from '../receive-blob.ts';
import { asReadable } from './outputs.ts';

export const ContentParams = z.object({ content: ContentId });

const config = { access: 'account', anywhere: true } as const;

export function addBlobRoutes(app: FastifyInstance, deps: RouteDeps): void {
  app.post('/api/v1/blobs', { config }, async (request, reply) => {
    const { content, sizeBytes } = await receiveBlob(request, deps, deps.stopping);
    await deps.coordinator.addReference(request.caller.account, content, sizeBytes);
    await confirmStored(deps, content);
    return reply.code(201).send({ content, sizeBytes });
  });

  app.get('/api/v1/blobs/:content', { config }, async (request, reply) => {
    const { content } = parseWith(ContentParams, request.params, 'path');
    const mayRead = await deps.coordinator.mayRead(request.caller.account, content);
    if (!mayRead) throw fail('SERVER_NO_CONTENT');
    return reply
      .header('content-type', 'application/octet-stream')
      .send(asReadable(await deps.blobs.open(content)));
  });
}
