import type { Socket } from 'node:net';
import type { Logger } from '@fog/kernel';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AccessDeps, addAccess } from './access.ts';
import type { Forwarder } from './forward.ts';
import {
  CONNECTION_SILENCE_MS,
  LINGER_MS,
  MAX_HEADER_BYTES,
  MAX_PARAM_CHARS,
  MAX_SMALL_BODY_BYTES,
} from './limits.ts';
import type { RouteDeps } from './ports.ts';
import { problemHeaders, rawProblem, toProblem } from './problem.ts';
import { addByteBodies } from './receive-blob.ts';
import { createRouteTable, type RouteEntry } from './route-table.ts';
import { addAgentRoutes } from './routes/agent.ts';
import { addBlobRoutes } from './routes/blobs.ts';
import { addDeploymentRoutes } from './routes/deployments.ts';
import { addFogRoutes, addServiceRoutes } from './routes/fog.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addJobRoutes } from './routes/jobs.ts';
import { addPlacementRoutes } from './routes/placement.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addMixnetRoutes } from './routes/mixnet.ts';
import { addOutputRoutes } from './routes/outputs.ts';
import { addSchedulerRoutes } from './routes/scheduler.ts';
import { refuseWhileDown } from './service-down.ts';

export type AppDeps = RouteDeps & AccessDeps & { readonly forwarder: Forwarder };

export interface App {
  readonly app: FastifyInstance;
  readonly routes: readonly RouteEntry[];
}

/** The API as a Fastify instance that does not listen yet. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const { logger } = deps;
  const startedAt = deps.clock.now();
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_SMALL_BODY_BYTES,
    connectionTimeout: CONNECTION_SILENCE_MS,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    frameworkErrors: (error, request, reply) => sendProblem(deps, error, request, reply),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, logger),
  });
  const routes = createRouteTable(app);
  addAccess(app, deps);
  addByteBodies(app);
  app.setErrorHandler((error, request, reply) => sendProblem(deps, error, request, reply));
  app.setNotFoundHandler((request) => {
    throw routes.missing(request.method, request.url);
  });
  addHealthRoutes(app, deps);
  addServiceRoutes(app, deps);
  addMixnetRoutes(app, deps);
  addMetricsRoute(app, deps);
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      refuseWhileDown(deps);
      const { leader } = deps.coordinator;
      if (leader === undefined || request.routeOptions.config.anywhere === true) return;
      // It throws before it takes the answer over, or not at all.
      deps.forwarder.request(leader, request.raw, reply.raw);
      reply.hijack();
    });
    addJobRoutes(scope, deps);
    addDeploymentRoutes(scope, deps);
    addOutputRoutes(scope, deps);
    addBlobRoutes(scope, deps);
    addFogRoutes(scope, deps, startedAt);
    addPlacementRoutes(scope, deps);
    addSchedulerRoutes(scope, deps);
    addAgentRoutes(scope, deps);
  });
  return { app, routes: routes.entries };
}

function sendProblem(
  deps: AppDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const where = `${request.method} ${request.routeOptions.url ?? 'unknown path'}`;
  const problem = toProblem(error, deps.logger, where);
  if (error instanceof Error && 'code' in error && error.code === 'SERVER_METHOD') {
    const { details } = error as Error & { details?: { allow?: readonly string[] } };
    reply.header('allow', details?.allow?.join(', ') ?? '');
  }
  linger(deps, request);
  // As bytes: for text Fastify would add a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem));
  void reply.code(problem.status).headers(problemHeaders(problem)).send(body);
}

/** Drops the rest of a refused body for a moment, so that the client reads the answer, then cuts it. */
function linger(deps: AppDeps, { raw }: FastifyRequest): void {
  const { headers } = raw;
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
  if (!hasBody || raw.complete || raw.destroyed) return;
  raw.on('error', () => {});
  raw.resume();
  const cancel = deps.clock.after(LINGER_MS, () => raw.destroy());
  raw.once('close', cancel);
}

/** A request that is no HTTP, or too large or slow in its head. */
function refuseConnection(error: Error, socket: Socket, logger: Logger): void {
  if (!socket.writable) return void socket.destroy();
  const bad = Object.assign(new Error(error.message), { statusCode: 400 });
  socket.end(rawProblem(toProblem(bad, logger, 'connection')));
}
