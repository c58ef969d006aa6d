import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { openStore, type Store } from '@fog/store';
import { within } from '@fog/testkit';
import { type PostgresServer, startPostgres } from '@fog/testkit/servers';
import { ids, put, runSql, storeSuite } from '../../base/store/test/store-suite.ts';

let server: PostgresServer;
let databases = 0;

before(async () => {
  server = await startPostgres({ tls: true });
});
after(() => server[Symbol.asyncDispose]());

async function freshUrl(): Promise<string> {
  databases += 1;
  return server.createDatabase(`fog${databases}`);
}

const withCode =
  (code: string, text?: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(isFogError(error, code), String(error));
    if (text !== undefined) assert.match(error.message, text);
    assert.ok(!JSON.stringify([error.message, error.details]).includes(server.password));
    return true;
  };

describe('the store on PostgreSQL', () => {
  storeSuite(async () => ({ url: await freshUrl() }));

  it('lets programs that start at once migrate once', async () => {
    const url = await freshUrl();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore({ url })));
    await Promise.all(stores.map((store, at) => put(store, `${at}`)));
    for (const store of stores) assert.deepEqual(await ids(store), ['0', '1', '2', '3']);
    for (const store of stores) await store.close();
  });

  it('says at the start what is wrong and how to mend it, without the password', async () => {
    const url = await freshUrl();
    const { host, port, password } = server;
    const rejects = (bad: string, code: string, text: RegExp): Promise<void> =>
      assert.rejects(openStore({ url: bad }), withCode(code, text));
    await rejects(url.replace(password, 'wrong'), 'STORE_OPEN', /password.*PGPASSWORD/);
    await rejects(url.replace(`:${password}`, ''), 'STORE_OPEN', /password.*PGPASSWORD/);
    await rejects(`${url}x`, 'STORE_OPEN', /does not exist.*createdb/);
    await rejects(`${url}?sslrootcert=/nowhere.pem`, 'STORE_URL', /nowhere\.pem/);
    await rejects(url.replace('postgres:', 'mysql:'), 'STORE_URL', /postgres:\/\/USER@HOST/);
    await rejects(`postgres://fog:${password}@${host}:${port}`, 'STORE_URL', /no database/);
    const down = url.replace(`:${port}/`, ':1/');
    await rejects(
      down,
      'STORE_UNREACHABLE',
      /127\.0\.0\.1:1, database "fog\d+".*ECONNREFUSED.*Start/,
    );
  });

  it('speaks TLS as the address says, and trusts only the authority it names', async () => {
    const url = await freshUrl();
    const own = `sslrootcert=${server.certificate}`;
    const encrypted = async (query: string): Promise<unknown> => {
      const store = await openStore({ url: url + query });
      try {
        const asked = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
        return (await runSql(store.db, asked))[0];
      } finally {
        await store.close();
      }
    };
    assert.deepEqual(await encrypted(''), { ssl: false });
    assert.deepEqual(await encrypted(`?sslmode=verify-full&${own}`), { ssl: true });
    assert.deepEqual(await encrypted(`?sslmode=require&${own}`), { ssl: true });
    assert.deepEqual(await encrypted('?sslmode=no-verify'), { ssl: true });
    for (const mode of ['verify-full', 'verify-ca', 'require']) {
      const untrusted = withCode('STORE_OPEN', /certificate.*sslrootcert/);
      await assert.rejects(encrypted(`?sslmode=${mode}`), untrusted);
    }
    const renamed = url.replace('@127.0.0.1:', '@localhost:');
    await assert.rejects(
      openStore({ url: `${renamed}?sslmode=verify-full&${own}` }),
      withCode('STORE_OPEN', /localhost.*sslrootcert/),
    );
  });

  it('fails writes with a retryable error while the server is down, and goes on by itself', async () => {
    const store = await openStore({ url: await freshUrl() });
    await put(store, 'before');
    await server.kill();
    const refused = ['a', 'b'].map((id) =>
      assert.rejects(put(store, id), (error) => {
        assert.ok(withCode('STORE_UNREACHABLE')(error));
        return (error as { retryable?: boolean }).retryable === true;
      }),
    );
    await Promise.all(refused);
    const health = await store.health(AbortSignal.timeout(10_000));
    assert.equal(health.state, 'unhealthy');
    assert.match(health.detail ?? '', /cannot be reached \(PostgreSQL at 127/);
    await server.start();
    await put(store, 'after');
    assert.deepEqual(await store.health(AbortSignal.timeout(10_000)), { state: 'healthy' });
    assert.deepEqual(await ids(store), ['after', 'before']);
    await store.close();
  });

  it('says of a connection lost in a commit that the outcome is unknown', async () => {
    await using cut = await cuttingProxy(server, 'commit');
    const store = await openStore({ url: cut.url(await freshUrl()) });
    await put(store, 'before');
    cut.arm();
    await assert.rejects(put(store, 'a'), withCode('STORE_COMMIT_UNKNOWN', /not known/));
    // Here it came through: that is why nobody may say that it failed.
    assert.deepEqual(await ids(store), ['a', 'before']);
    await store.close();
  });

  it('gives up on a statement that waits for a lock too long', async () => {
    const store = await openStore({ url: await freshUrl() });
    await put(store, 'a');
    await assert.rejects(
      store.write(async (trx) => {
        await runSql(trx, `set local lock_timeout = '50ms'`);
        await otherHolds(store, async () => {
          await runSql(trx, `update account set name = 'b' where id = 'a'`);
        });
      }),
      withCode('STORE_BUSY', /lock timeout/),
    );
    await store.close();
  });

  it('does not hang on a server that has stopped answering', async () => {
    const store = await openStore({ url: await freshUrl() });
    await put(store, 'a');
    server.freeze();
    try {
      const asked = store.health(AbortSignal.timeout(30_000));
      assert.equal((await within('health', asked, 20_000)).state, 'unhealthy');
      const write = assert.rejects(put(store, 'b'), withCode('STORE_UNREACHABLE'));
      await within('a write', write, 60_000);
    } finally {
      server.thaw();
    }
    await put(store, 'c');
    await store.close();
  });
});

/** Runs `task` while another transaction holds the row of account `a`. */
async function otherHolds(store: Store, task: () => Promise<void>): Promise<void> {
  await store.db.transaction().execute(async (other) => {
    await runSql(other, `select 1 from account where id = 'a' for update`);
    await task();
  });
}

interface CuttingProxy extends AsyncDisposable {
  url(direct: string): string;
  arm(): void;
}

/** Passes everything through until armed; then the first client message with `word` reaches the server, its answer not the client. */
async function cuttingProxy(target: PostgresServer, word: string): Promise<CuttingProxy> {
  let armed = false;
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect({ host: target.host, port: target.port });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
    let cut = false;
    client.on('data', (bytes) => {
      upstream.write(bytes);
      if (!armed || !bytes.includes(word)) return;
      armed = false;
      cut = true;
    });
    upstream.on('data', (bytes) => {
      if (cut) client.destroy();
      else client.write(bytes);
    });
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address() as { port: number };
  return {
    url: (direct) => direct.replace(`:${target.port}/`, `:${address.port}/`),
    arm: () => {
      armed = true;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
