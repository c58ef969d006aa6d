/** A TCP hop that can be cut: then nothing comes through and nobody is told, as with a pulled cable. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  /** What was under way arrives now; what was closed meanwhile is closed now. */
  heal(): void;
}

interface Pair {
  readonly near: Socket;
  far: Socket | undefined;
}

export async function startRelay(host: string, targetPort: number): Promise<Relay> {
  const pairs = new Set<Pair>();
  let isCut = false;
  const end = (pair: Pair): void => {
    if (isCut) return;
    pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  };
  const watch = (socket: Socket, pair: Pair): void => {
    socket.on('error', () => {});
    socket.on('close', () => end(pair));
  };
  const join = (pair: Pair): void => {
    pair.far ??= connect(targetPort, '127.0.0.1').setNoDelay();
    if (pair.far.listenerCount('close') === 0) watch(pair.far, pair);
    pair.near.pipe(pair.far);
    pair.far.pipe(pair.near);
  };
  const server = createServer({ noDelay: true }, (near) => {
    const pair: Pair = { near, far: undefined };
    pairs.add(pair);
    watch(near, pair);
    if (isCut) near.pause();
    else join(pair);
  }).listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      for (const { near, far } of pairs) {
        if (far === undefined) continue;
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    heal: () => {
      isCut = false;
      for (const pair of pairs) {
        if (pair.near.destroyed || pair.far?.destroyed === true) end(pair);
        else join(pair);
      }
    },
    [Symbol.asyncDispose]: async () => {
      isCut = false;
      for (const pair of pairs) end(pair);
      server.close();
      await once(server, 'close');
    },
  };
}
