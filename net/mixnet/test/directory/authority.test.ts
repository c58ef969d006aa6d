import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { decodeCanonical } from '@fog/crypto';
import { isFogError, silentLogger, systemClock } from '@fog/kernel';
import { createAuthority } from '../../src/directory/authority.ts';
import { httpDirectoryCall } from '../../src/directory/directory-call.ts';
import { noMetrics, seedOf, socketWorld, type SocketWorld, waitFor, within } from './world.ts';

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

async function startAll(world: SocketWorld): Promise<void> {
  await Promise.all(world.authorities.map((each) => each.start(signal())));
}

test('three authorities and nine relays have a consensus at once, and serve it signed by all', async () => {
  await using world = await socketWorld();
  await startAll(world);
  const client = world.client('one');
  await client.start(signal());
  await world.publish();
  const first = await client.ready(signal());
  assert.equal(first.relays.size, 9);
  await waitFor(
    'all signatures',
    () => world.authorities[0]?.status().current?.signers.length === 3,
  );
  assert.deepEqual(await world.authorities[0]?.health(signal()), { state: 'healthy' });
  assert.deepEqual(await client.health(signal()), { state: 'healthy' });
  const file = world.dir.file('authority-0');
  await waitFor('state', () =>
    stat(file).then(
      () => true,
      () => false,
    ),
  );
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const state = decodeCanonical(await readFile(file)) as { readonly network: string };
  assert.equal(state.network, 'test');
});

test('relays that lost their keys are back in a new revision at once', async () => {
  await using world = await socketWorld();
  await startAll(world);
  const client = world.client('one');
  await client.start(signal());
  await world.publish();
  const first = await client.ready(signal());
  const next = new Promise<number>((resolve) => {
    client.onConsensus(({ consensus }) => resolve(consensus.revision));
  });
  for (const relay of world.relays) relay.restarts += 1;
  await world.publish();
  assert.ok((await within('a revision', next, 10_000)) > first.consensus.revision);
  assert.deepEqual(client.current()?.consensus.sharedRandom, first.consensus.sharedRandom);
  assert.equal(client.previous()?.hash, first.hash);
});

test('with one authority dead there is a first consensus, and it fetches it when it comes', async () => {
  await using world = await socketWorld();
  const [one, two, three] = world.authorities;
  await Promise.all([one?.start(signal()), two?.start(signal())]);
  const client = world.client('one');
  await client.start(signal());
  await world.publish();
  const first = await client.ready(signal());
  assert.equal(first.signers.length, 2);
  await three?.start(signal());
  assert.equal(three?.status().current?.revision, first.consensus.revision);
});

test('publish is done when a threshold has the descriptor, and refused with the reason', async () => {
  await using world = await socketWorld();
  await Promise.all(world.authorities.slice(0, 2).map((each) => each.start(signal())));
  const client = world.client('one');
  await client.start(signal());
  const [relay] = world.relays;
  assert.ok(relay);
  const epoch = Math.floor(Date.now() / world.network.epochMs);
  await client.publish(relay.packed('test', epoch), signal());
  await assert.rejects(
    client.publish(relay.packed('other', epoch), signal()),
    (error) =>
      isFogError(error, 'MIXNET_DESCRIPTOR_REFUSED') && /no good signature/.test(error.message),
  );
  await world.authorities[1]?.stop();
  const soon = new AbortController();
  const late = client.publish(relay.packed('test', epoch), soon.signal);
  await waitFor('one has it', () => world.authorities[0]?.status().descriptors === 1);
  soon.abort();
  await assert.rejects(late, (error) => isFogError(error, 'MIXNET_AUTHORITY'));
});

test('the server refuses what is too large or odd, and half-open requests do not stop it', async () => {
  await using world = await socketWorld({ authorities: 1 });
  await startAll(world);
  const url = world.network.authorities[0]?.url ?? '';
  const post = (path: string, body: Uint8Array) =>
    httpDirectoryCall(url, { method: 'POST', path, body }, signal());
  const { status } = await post('/v1/descriptors', new Uint8Array(40_000)).catch(() => ({
    status: 413,
  }));
  assert.equal(status, 413);
  assert.equal((await post('/v1/status', new Uint8Array(0))).status, 404);
  const halfOpen = Array.from({ length: 20 }, () =>
    connect(Number(new URL(url).port), '127.0.0.1'),
  );
  for (const socket of halfOpen) {
    socket.on('error', () => {});
    socket.write('POST /v1/votes HTTP/1.1\r\nhost: x\r\ncontent-length: 6000000\r\n\r\n');
  }
  const answer = await httpDirectoryCall(url, { method: 'GET', path: '/v1/status' }, signal());
  const seen = JSON.parse(Buffer.from(answer.body).toString()) as { readonly network: string };
  assert.equal(seen.network, 'test');
  for (const socket of halfOpen) socket.destroy();
});

test('a port in use, a state of no use, and a wrong network end in one clear sentence', async () => {
  await using world = await socketWorld({ authorities: 1 });
  await startAll(world);
  const other = world.authority(0);
  await assert.rejects(other.start(signal()), (error) =>
    isFogError(error, 'MIXNET_AUTHORITY_LISTEN'),
  );
  const statePath = world.dir.file('broken');
  await writeFile(statePath, 'not a state');
  const options = {
    network: world.network,
    seed: seedOf(0),
    host: '127.0.0.1',
    port: 0,
    statePath,
  };
  const deps = { clock: systemClock, logger: silentLogger, metrics: noMetrics };
  await assert.rejects(createAuthority(options, deps).start(signal()), (error) =>
    isFogError(error, 'MIXNET_STATE'),
  );
  assert.throws(
    () => createAuthority({ ...options, seed: seedOf(7) }, deps),
    (error) => isFogError(error, 'MIXNET_NETWORK'),
  );
});
