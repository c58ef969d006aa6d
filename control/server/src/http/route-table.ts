import type { FastifyInstance } from 'fastify';
import type { FogError } from '@fog/kernel';
import { fail } from '../errors.ts';

export interface RouteTable {
  /** The error for a request no route takes: SERVER_METHOD when another method would, else SERVER_NO_ROUTE. */
  missing(method: string, url: string): FogError;
}

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
}

/** Collects the routes the app registers from now on. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, pattern: routePattern(url) });
  });
  return {
    missing: (method, url) => {
      const path = url.split('?', 1)[0] as string;
      const allow = routes.filter((route) => route.pattern.test(path)).map((route) => route.method);
      if (allow.length === 0) {
        return fail('SERVER_NO_ROUTE', { message: `There is nothing at ${path.slice(0, 200)}.` });
      }
      return fail('SERVER_METHOD', {
        message: `This path takes ${allow.join(' and ')}, not ${method}.`,
        details: { allow },
      });
    },
  };
}

function routePattern(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.+';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
