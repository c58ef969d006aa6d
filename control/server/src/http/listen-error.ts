import { fail } from '../errors.ts';
import type { HostPort } from './listen-addresses.ts';

/** Why a server does not listen, with the remedy. */
export function listenError({ host, port }: HostPort, error: NodeJS.ErrnoException): Error {
  const details = { host, port };
  if (error.code !== 'EADDRINUSE') {
    return fail('SERVER_LISTEN', {
      message: `The API cannot listen on ${host}:${port} (${error.code}). Choose another with --port or --listen.`,
      details,
      cause: error,
    });
  }
  return fail('SERVER_PORT_TAKEN', {
    message: `Port ${port} is in use by another program. Stop that, or choose another port with --port (0 takes a free one) or --listen.`,
    details,
    cause: error,
  });
}
