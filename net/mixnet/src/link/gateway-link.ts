/** A client's link to a gateway it has found in the consensus. */
import { randomFill, sameBytes } from '@fog/crypto';
import { fail } from '../errors.ts';
import { dialLink } from './dial.ts';
import { FrameConnection } from './frame-connection.ts';
import type { DialFailure } from './handshake.ts';
import { LINK_LIMITS, SWEEP_MS } from './limits.ts';
import type { ConnectToGateway, FrameHandlers, FrameLink } from './link-ports.ts';
import { linkSecureContext } from './link-tls.ts';
import { TurnFlusher } from './output-queue.ts';

const ERROR_OF = {
  unreachable: 'MIXNET_LINK_UNREACHABLE',
  timeout: 'MIXNET_LINK_UNREACHABLE',
  closed: 'MIXNET_LINK_UNREACHABLE',
  'wrong-key': 'MIXNET_LINK_KEY',
  malformed: 'MIXNET_LINK_PROTOCOL',
  protocol: 'MIXNET_LINK_PROTOCOL',
  'clock-skew': 'MIXNET_LINK_CLOCK',
  refused: 'MIXNET_LINK_REFUSED',
} as const satisfies Record<DialFailure, string>;

export const connectToGateway: ConnectToGateway = async (options, deps) => {
  const { gateway, identity, features = [], signal } = options;
  const { clock, random = randomFill, handlers } = deps;
  signal.throwIfAborted();
  const dialled = await dialLink({
    clock,
    features,
    signal,
    self: { client: identity },
    context: linkSecureContext(),
    addresses: gateway.addresses,
    isLinkKey: (key) => sameBytes(key, gateway.linkKey),
    timeoutMs: LINK_LIMITS.handshakeMs,
  });
  if (signal.aborted && dialled.ok) dialled.socket.destroy();
  signal.throwIfAborted();
  if (!dialled.ok) {
    throw fail(ERROR_OF[dialled.failure], {
      message: `There is no link to gateway ${gateway.id}: ${dialled.text}`,
      details: { gateway: gateway.id, failure: dialled.failure },
    });
  }
  const connection = new FrameConnection({
    socket: dialled.socket,
    clock,
    random,
    features: dialled.features,
    peer: gateway.id,
    limits: LINK_LIMITS,
    flusher: new TurnFlusher(),
    onExcess: () => {},
  });
  return begin(connection, { handlers, early: dialled.early, clock });
};

function begin(
  connection: FrameConnection,
  {
    handlers,
    early,
    clock,
  }: {
    readonly handlers: FrameHandlers;
    readonly early: Buffer;
    readonly clock: Parameters<ConnectToGateway>[1]['clock'];
  },
): FrameLink {
  const stopSweep = clock.every(SWEEP_MS, () => connection.sweep(clock.monotonicMs()));
  const onEnd: FrameHandlers['onEnd'] = (reason) => {
    stopSweep();
    handlers.onEnd(reason);
  };
  connection.begin({ onFrame: handlers.onFrame, onEnd }, early);
  return connection;
}
