/** Opens the TCP and TLS connection of a link to the first address that answers. */
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { formatDuration } from '@fog/kernel';
import type { RelayAddress } from '../directory/documents.ts';
import {
  dialHandshake,
  type DialFailure,
  type DialHandshakeOptions,
  type Dialled,
} from './handshake.ts';
import { MAX_ADDRESSES } from './limits.ts';

export interface DialOptions extends DialHandshakeOptions {
  readonly addresses: readonly RelayAddress[];
  readonly context: SecureContext;
  /** For all addresses and the handshake together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Never throws; a cancelled attempt is a failure like another, which the caller tells by its signal. */
export async function dialLink(options: DialOptions): Promise<Dialled> {
  const deadline = new AbortController();
  const cancel = options.clock.after(options.timeoutMs, () => deadline.abort());
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  try {
    let last: Dialled = failure('unreachable', 'the consensus names no address for it.');
    for (const address of options.addresses.slice(0, MAX_ADDRESSES)) {
      last = await dialAddress(address, { ...options, signal });
      if (last.ok || signal.aborted) break;
    }
    if (!last.ok && deadline.signal.aborted) {
      return failure(
        'timeout',
        `it did not finish the handshake within ${formatDuration(options.timeoutMs)}.`,
      );
    }
    return last;
  } finally {
    cancel();
  }
}

async function dialAddress({ host, port }: RelayAddress, options: DialOptions): Promise<Dialled> {
  if (options.signal.aborted) return failure('closed', 'the attempt was cancelled.');
  const socket = connect({
    host,
    port,
    secureContext: options.context,
    // The raw key is compared instead: see `dialHandshake`.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const abort = (): void => void socket.destroy();
  options.signal.addEventListener('abort', abort);
  try {
    const problem = await secured(socket);
    if (problem !== undefined) {
      return failure('unreachable', `no connection to ${host}:${port} could be made: ${problem}.`);
    }
    return await dialHandshake(socket, options);
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
}

/** Resolves with what went wrong, or undefined when TLS is up. The error listener stays: errors end in 'close'. */
function secured(socket: TLSSocket): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.once('secureConnect', () => resolve(undefined));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  socket.once('close', () => resolve('it hung up'));
  return promise;
}

function failure(kind: DialFailure, text: string): Dialled {
  return { ok: false, failure: kind, text };
}
