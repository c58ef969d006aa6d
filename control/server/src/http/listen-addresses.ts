/** Where the API listens beside the loopback interface, and under which names it may be called. */
import { networkInterfaces } from 'node:os';
import { MAX_ADDRESSES } from '@fog/wire';

export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ListenOptions {
  readonly addresses: readonly HostPort[];
  /** What others dial, where that differs: behind a port forwarding, or a name. */
  readonly public: readonly HostPort[];
  /** PEM. Left out: a certificate of the fog's own key. */
  readonly certificate?: { readonly key: string; readonly certificate: string };
}

const HTTPS_PORT = 443;
/** Through a tunnel, or on this machine. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1'];
const ANY_HOSTS = ['0.0.0.0', '[::]'];

/** What others may dial: the public addresses, else those that are listened on. */
export function dialled(options: ListenOptions, bound: readonly HostPort[]): HostPort[] {
  const all = options.public.length > 0 ? options.public : bound.flatMap(reachable);
  return all.slice(0, MAX_ADDRESSES);
}

/** Values of the Host header that name this server on its TLS addresses. */
export function hostNames(options: ListenOptions, bound: readonly HostPort[]): string[] {
  const local = bound.flatMap(({ port }) => LOCAL_HOSTS.map((host) => ({ host, port })));
  return [...bound.flatMap(reachable), ...options.public, ...local].flatMap(({ host, port }) =>
    // Clients leave the port out when it is that of the scheme.
    port === HTTPS_PORT ? [host, `${host}:${port}`] : [`${host}:${port}`],
  );
}

/** A wildcard stands for each address of this machine that others could reach. */
function reachable({ host, port }: HostPort): HostPort[] {
  if (!ANY_HOSTS.includes(host)) return [{ host, port }];
  const found = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    .filter(({ family }) => family === 'IPv4' || host === '[::]')
    .map(({ address, family }) => ({ host: family === 'IPv6' ? `[${address}]` : address, port }));
  return found.length > 0 ? found : [{ host: '127.0.0.1', port }];
}
