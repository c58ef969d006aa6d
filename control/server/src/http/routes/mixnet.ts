import { MixBenchRequest, MixPathQuery, MixPingRequest, parseWith } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { fail } from '../../errors.ts';
import type { MixnetApi } from '../../mixnet/mixnet-api.ts';
import { MAX_PING_WAIT_MS } from '../limits.ts';
import type { RouteDeps } from '../ports.ts';
import { waiting } from '../waiting.ts';

const config = { access: 'account' } as const;

/** Answer while the mixnet runs, whatever else is down. */
export function addMixnetRoutes(app: FastifyInstance, deps: RouteDeps): void {
  app.get('/api/v1/mixnet/status', { config }, async () => running(deps).status());

  app.get('/api/v1/mixnet/consensus', { config }, async () => running(deps).consensus());

  app.post('/api/v1/mixnet/ping', { config }, async (request, reply) => {
    const mixnet = running(deps);
    const { hops, delayClass } = parseWith(MixPingRequest, request.body ?? {}, 'ping');
    return waiting(reply, deps.stopping, MAX_PING_WAIT_MS, ({ signal }) =>
      mixnet.ping({ hops, delayClass }, signal),
    );
  });

  app.post('/api/v1/mixnet/bench', { config }, async (request, reply) => {
    const mixnet = running(deps);
    const call = parseWith(MixBenchRequest, request.body ?? {}, 'bench');
    return waiting(reply, deps.stopping, call.seconds * 1_000 + MAX_PING_WAIT_MS, ({ signal }) =>
      mixnet.bench(call, signal),
    );
  });

  app.get('/api/v1/mixnet/path', { config }, async (request) => {
    const { level } = parseWith(MixPathQuery, request.query, 'query');
    return running(deps).path(level);
  });

  app.get('/api/v1/mixnet/audit', { config }, async () => running(deps).audit());
}

/** Throws SERVER_NO_MIXNET. */
function running({ mixnet }: RouteDeps): MixnetApi {
  if (mixnet === undefined) throw fail('SERVER_NO_MIXNET');
  return mixnet;
}
