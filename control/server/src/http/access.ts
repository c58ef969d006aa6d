/**
 * Who may call what. Each route names its access; a route that names none refuses everybody but
 * accounts. The Host allow-list defends against DNS rebinding: a web page whose name was pointed at the
 * loopback address sends its own name.
 */
import type { CoordinatorApi } from '@fog/coordinator';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Authenticate, bearerToken } from '../auth/authenticate.ts';
import type { Caller } from '../auth/credentials.ts';
import { fail } from '../errors.ts';
import type { AgentSessions, SessionAccess } from '../sockets/agent-sessions.ts';

/** `node`: only the token of a live agent session, which is good for nothing else. */
export type Access = 'open' | 'account' | 'operator' | 'node';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** True when the store and the blobs suffice, so that a coordinator that stands by serves it too. */
    anywhere?: boolean;
  }
  interface FastifyRequest {
    /** Set on routes with access `account` and `operator`. */
    caller: Caller;
    /** Set on routes with access `node`. */
    agent: SessionAccess;
  }
}

export interface AccessDeps {
  readonly coordinator: Pick<CoordinatorApi, 'leader'>;
  readonly authenticate: Authenticate;
  readonly sessions: AgentSessions;
  readonly hosts: HostList;
}

export interface HostList {
  /** Says what is served now. */
  serve(served: ServedNames): void;
  /** Throws SERVER_HOST. */
  check(host: string | undefined): void;
  /** Throws SERVER_ORIGIN unless the origin is absent (not a browser) or this server's own. */
  checkOrigin(origin: string | undefined): void;
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const HTTP_PORT = 80;

export interface ServedNames {
  /** Of the loopback interface, without TLS. */
  readonly plainPort: number;
  /** Hosts with TLS, as a Host header names them. */
  readonly secure: readonly string[];
}

interface Names {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/** Refuses everything until it is told what is served. */
export function createHostList(): HostList {
  let names: Names = { hosts: new Set(), origins: new Set() };
  return {
    serve: (served) => {
      names = namesOf(served);
    },
    check: (host) => {
      if (host !== undefined && names.hosts.has(host.toLowerCase())) return;
      throw fail('SERVER_HOST', {
        message: `The Host header must name this server: ${[...names.hosts].join(', ')}. Other names are told with "fog up --public NAME".`,
      });
    },
    checkOrigin: (origin) => {
      if (origin !== undefined && !names.origins.has(origin)) throw fail('SERVER_ORIGIN');
    },
  };
}

function namesOf({ plainPort, secure }: ServedNames): Names {
  const plain = plainHosts(plainPort);
  const origins = [
    ...plain.map((host) => `http://${host}`),
    ...secure.map((host) => `https://${host.toLowerCase()}`),
  ];
  const hosts = [...plain, ...secure.map((host) => host.toLowerCase())];
  return { hosts: new Set(hosts), origins: new Set(origins) };
}

/** Clients leave the port out when it is that of HTTP. */
function plainHosts(port: number): string[] {
  const hosts = LOOPBACK_NAMES.map((name) => `${name}:${port}`);
  return port === HTTP_PORT ? [...hosts, ...LOOPBACK_NAMES] : hosts;
}

export function addAccess(app: FastifyInstance, deps: AccessDeps): void {
  app.decorateRequest('caller');
  app.decorateRequest('agent');
  app.addHook('onRequest', async (request) => {
    deps.hosts.check(request.headers.host);
    const { access } = request.routeOptions.config;
    if (access === 'open') return;
    if (access === 'node') {
      // The leader knows the token: it made it.
      if (deps.coordinator.leader === undefined) request.agent = agentOf(request, deps);
    } else request.caller = await callerOf(request, deps, access);
  });
}

async function callerOf(
  request: FastifyRequest,
  deps: AccessDeps,
  access: Access | undefined,
): Promise<Caller> {
  const { authorization } = request.headers;
  const caller = await deps.authenticate(authorization, request.socket.remoteAddress);
  if (access === 'operator' && caller.role !== 'operator') throw fail('SERVER_FORBIDDEN');
  return caller;
}

function agentOf(request: FastifyRequest, deps: AccessDeps): SessionAccess {
  const token = bearerToken(request.headers.authorization);
  const agent = token === undefined ? undefined : deps.sessions.find(token);
  if (agent === undefined) throw fail('SERVER_UNAUTHORISED');
  return agent;
}
