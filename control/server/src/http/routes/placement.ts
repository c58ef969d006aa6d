import { NodeId, NodeModeRequest, NodePricesRequest, parseWith, RouteRequest } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RouteDeps } from '../ports.ts';

const NodeParams = z.object({ id: NodeId });

const config = { access: 'account' } as const;

/** Where work goes: questions about it, and what people decide about their machines. */
export function addPlacementRoutes(app: FastifyInstance, { coordinator }: RouteDeps): void {
  app.post('/api/v1/nodes/route', { config }, async (request) => {
    const question = parseWith(RouteRequest, request.body, 'route');
    return coordinator.route(request.caller, question);
  });

  app.post('/api/v1/nodes/:id/mode', { config }, async (request) => {
    const { id } = parseWith(NodeParams, request.params, 'path');
    const { mode } = parseWith(NodeModeRequest, request.body, 'mode');
    return coordinator.setNodeMode(request.caller, id, mode);
  });

  app.get('/api/v1/nodes/:id/trust', { config }, async (request) => {
    const { id } = parseWith(NodeParams, request.params, 'path');
    return coordinator.nodeTrust(request.caller, id);
  });

  app.post('/api/v1/nodes/:id/prices', { config }, async (request) => {
    const { id } = parseWith(NodeParams, request.params, 'path');
    const { prices } = parseWith(NodePricesRequest, request.body, 'prices');
    return coordinator.setNodePrices(request.caller, id, prices);
  });

  app.get('/api/v1/sla', { config }, async (request) => coordinator.sla(request.caller));

  app.get('/api/v1/topology', { config: { access: 'operator' } }, async () =>
    coordinator.topology(),
  );
}
