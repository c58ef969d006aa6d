import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import { startPostgres, startRedis, type TestServer } from '@fog/testkit/servers';

async function reachable({ host, port }: TestServer): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

it('PostgreSQL keeps what was committed over stop, kill and restart, at the same port', async () => {
  await using server = await startPostgres();
  assert.match(
    await server.createDatabase('fog'),
    /^postgres:\/\/fog:[0-9a-f]+@127\.0\.0\.1:\d+\/fog$/,
  );
  await server.sql('fog', 'create table t (n int); insert into t values (1)');
  await server.restart();
  await server.sql('fog', 'insert into t values (2)');
  await server.kill();
  assert.equal(await reachable(server), false);
  await server.start();
  assert.equal(await server.sql('fog', 'select sum(n) from t'), '3');
  await server.stop();
  assert.equal(await reachable(server), false);
});

it('Redis starts again at the same port, empty', async () => {
  await using server = await startRedis();
  assert.equal(await reachable(server), true);
  await server.kill();
  assert.equal(await reachable(server), false);
  await server.start();
  server.freeze();
  server.thaw();
  await server.restart();
  assert.equal(await reachable(server), true);
});
