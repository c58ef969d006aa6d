/** A real Redis server in a directory and at a port of its own. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tempDir } from '../temp-dir.ts';
import { freePort } from './free-port.ts';
import { createServerProcess, type TestServer } from './server-process.ts';

export interface RedisServer extends TestServer {
  readonly password: string;
  /** With the password: for the environment only. */
  readonly url: string;
}

const BINARIES = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];

/** Keeps nothing on disk: after `stop` or `kill` it starts empty. */
export async function startRedis(): Promise<RedisServer> {
  const command = BINARIES.find((file) => existsSync(file));
  if (command === undefined) {
    throw new Error(
      'There is no Redis server: install Debian\'s package "redis-server" (apt-get install -y redis-server).',
    );
  }
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const host = '127.0.0.1';
  const lines = [`bind ${host}`, `port ${port}`, `dir ${dir.path}`, `requirepass ${password}`];
  const config = [...lines, 'save ""', 'appendonly no', 'daemonize no', ''].join('\n');
  await writeFile(dir.file('redis.conf'), config, { mode: 0o600 });
  const control = stack.use(
    createServerProcess({
      options: { command, args: [dir.file('redis.conf')], cwd: dir.path },
      ready: /Ready to accept connections/,
      stopSignal: 'SIGTERM',
    }),
  );
  await control.start();
  const owned = stack.move();
  return {
    ...control,
    host,
    port,
    password,
    url: `redis://:${password}@${host}:${port}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
