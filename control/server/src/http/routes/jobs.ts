import {
  EventsQuery,
  JobBatch,
  JobId,
  JobSpec,
  JobsQuery,
  MAX_REQUEST_BYTES,
  parseWith,
  ResultsQuery,
  WaitQuery,
} from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAX_IDEMPOTENCY_KEY_CHARS } from '../limits.ts';
import type { RouteDeps } from '../ports.ts';
import { waiting } from '../waiting.ts';

export const JobParams = z.object({ id: JobId });
export const TaskParams = z.object({ id: JobId, index: z.coerce.number().int().min(0) });
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters')
  .max(MAX_IDEMPOTENCY_KEY_CHARS)
  .optional();

const config = { access: 'account' } as const;

export function addJobRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { coordinator, stopping } = deps;

  app.post('/api/v1/jobs', { config, bodyLimit: MAX_REQUEST_BYTES }, async (request, reply) => {
    const spec = parseWith(JobSpec, request.body, 'job');
    const key = parseWith(IdempotencyKey, request.headers['idempotency-key'], 'Idempotency-Key');
    const { account, role } = request.caller;
    const job = await coordinator.submit(account, spec, key, role);
    return reply.code(201).send(job);
  });

  app.post(
    '/api/v1/jobs/batch',
    { config, bodyLimit: MAX_REQUEST_BYTES },
    async (request, reply) => {
      const batch = parseWith(JobBatch, request.body, 'batch');
      const key = parseWith(IdempotencyKey, request.headers['idempotency-key'], 'Idempotency-Key');
      const { account, role } = request.caller;
      const jobs = await coordinator.submitBatch(account, batch, key, role);
      return reply.code(201).send({ jobs });
    },
  );

  app.get('/api/v1/jobs/:id/why', { config }, async (request) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    return coordinator.why(request.caller, id);
  });

  app.get('/api/v1/jobs', { config }, async (request) => {
    const query = parseWith(JobsQuery, request.query, 'query');
    const { open, limit, after } = query;
    const page = { open, limit, ...(after === undefined ? {} : { after }) };
    return coordinator.jobs(request.caller.account, page);
  });

  app.get('/api/v1/jobs/:id', { config }, async (request, reply) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    const { waitMs } = parseWith(WaitQuery, request.query, 'query');
    return waiting(reply, stopping, waitMs, (wait) =>
      coordinator.job(request.caller.account, id, wait),
    );
  });

  app.get('/api/v1/jobs/:id/results', { config }, async (request, reply) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    const { from, limit, waitMs } = parseWith(ResultsQuery, request.query, 'query');
    return waiting(reply, stopping, waitMs, (wait) =>
      coordinator.results(request.caller.account, id, { from, limit, ...wait }),
    );
  });

  app.get('/api/v1/jobs/:id/tasks/:index', { config }, async (request) => {
    const { id, index } = parseWith(TaskParams, request.params, 'path');
    return coordinator.task(request.caller.account, id, index);
  });

  app.get('/api/v1/jobs/:id/events', { config }, async (request) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    const query = parseWith(EventsQuery, request.query, 'query');
    return { events: await coordinator.events(request.caller.account, id, query) };
  });

  app.post('/api/v1/jobs/:id/cancel', { config }, async (request) => {
    const { id } = parseWith(JobParams, request.params, 'path');
    return coordinator.cancel(request.caller.account, id);
  });
}
