import type { FastifyInstance } from 'fastify';
import type { FogError } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { Access } from './access.ts';

export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  /** Undefined is a mistake: see `Access`. */
  readonly access: Access | undefined;
}

export interface RouteTable {
  readonly entries: readonly RouteEntry[];
  /** The error for a request no route takes: SERVER_METHOD when another method would, else SERVER_NO_ROUTE. */
  missing(method: string, url: string): FogError;
}

interface Route extends RouteEntry {
  readonly pattern: RegExp;
}

/** Collects the routes the app registers from now on. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const route = { url, access: config?.access, pattern: routePattern(url) };
    for (const each of [method].flat()) routes.push({ method: each, ...route });
  });
  return {
    entries: routes,
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
