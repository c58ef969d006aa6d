import { createServer, type Server } from 'node:net';
import { fail } from '../errors.ts';
import { PORT_TRIES } from './limits.ts';

const HOST = '127.0.0.1';
/** The last TCP port. */
const MAX_PORT = 65_535;

/**
 * `count` ports of the loopback interface that nobody listens on now: from `first` on, or any where it is
 * undefined. Another program may still take one before it is used; its user then says so. Throws FOG_NO_PORTS.
 */
export async function freePorts(first: number | undefined, count: number): Promise<number[]> {
  await using held = new AsyncDisposableStack();
  const ports: number[] = [];
  const last = first === undefined ? PORT_TRIES : Math.min(first + PORT_TRIES, MAX_PORT);
  for (let port = first ?? 0; ports.length < count && port < last; port += 1) {
    const server = await listen(first === undefined ? 0 : port);
    if (server === undefined) continue;
    held.defer(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  if (ports.length === count) return ports;
  throw fail('FOG_NO_PORTS', {
    message: `The mixnet needs ${count} free ports from ${first ?? 'any'} on, and there are ${ports.length}. Stop other programs, or start with --port 0 or --no-mixnet.`,
    details: { first: first ?? 0, count, found: ports.length },
  });
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: HOST, port, exclusive: true }, () => resolve(server));
  });
}
