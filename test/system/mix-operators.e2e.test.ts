/** A mixnet whose parts belong to three operators, each part a process of its own, and a fog that uses it. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';
import { freePorts } from '../../apps/fog/src/mix/free-ports.ts';

const OPERATORS = ['alice', 'bob', 'carol'];
/** Only against hanging, on a busy machine. */
const READY_MS = 90_000;

/** As the guide shows it; the name of the file is the role. */
async function configure(
  world: FogWorld,
  role: string,
  { operator, port }: { readonly operator: string; readonly port: number },
): Promise<string> {
  const file = world.dir.file(`${operator}/${role}.yaml`);
  const lines = [
    `dataDir: ${role}`,
    'network: ../network.json',
    `listen: { host: 127.0.0.1, port: ${port} }`,
    ...(role === 'authority' ? [] : [`family: ${operator}`, 'peelThreads: 1']),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

async function output(world: FogWorld, args: readonly string[]): Promise<string> {
  const child = world.fog([...args]);
  const { code, stdout } = await child.ended();
  assert.equal(code, 0, child.describe());
  return stdout;
}

it('three operators make a network file, start their parts, and a fog sends over them', async () => {
  await using world = await fogWorld();
  const ports = await freePorts(undefined, 2 * OPERATORS.length);
  const network = world.dir.file('network.json');
  const parts: (readonly [role: string, config: string])[] = [];
  const contacts: string[] = [];
  for (const [index, operator] of OPERATORS.entries()) {
    await mkdir(world.dir.file(operator));
    const [first = 0, second = 0] = ports.slice(2 * index);
    const authority = await configure(world, 'authority', { operator, port: first });
    const contact = world.dir.file(`${operator}.json`);
    await writeFile(contact, await output(world, ['mix', 'authority', '--config', authority]));
    contacts.push(contact);
    const gateway = await configure(world, 'gateway', { operator, port: second });
    parts.push(['authority', authority], ['gateway', gateway]);
  }
  await output(world, ['mix', 'network', '--name', 'abc', '--out', network, ...contacts]);
  const running = parts.map(([role, config]) =>
    world.fog(['up', '--role', role, '--config', config]),
  );
  await Promise.all(running.map((child) => child.output(/ is up at /)));

  const fog = await world.up(['--no-worker', '--port', '0', '--network', network]);
  const status = await waitFor(
    'a consensus and a gateway',
    async () => {
      const now = await fog.client.mixStatus().catch(() => undefined);
      return now?.relays.length === 3 && now.address !== undefined ? now : undefined;
    },
    { deadlineMs: READY_MS },
  );
  assert.deepEqual([status.network, status.notes, status.own], ['abc', [], []]);
  const families = status.relays.map(({ family }) => family).toSorted();
  assert.deepEqual(families, OPERATORS);
  await waitFor(
    'a loop over two operators',
    () =>
      fog.client.mixPing({ hops: 3 }).then(
        () => true,
        () => false,
      ),
    { deadlineMs: READY_MS },
  );
  const lottery = ['mix', 'lottery', '--verify', '--json', '--data-dir', fog.dataDir];
  const verified = JSON.parse(await output(world, lottery));
  assert.deepEqual([verified.verified, verified.keysFrom], [true, 'file']);
  const services = (await fog.client.services()).map(({ name }) => name);
  assert.ok(services.includes('mix-client') && !services.includes('relay-1'));

  assert.equal((await fog.child.stop()).code, 0, fog.child.describe());
  for (const child of running) assert.equal((await child.stop()).code, 0, child.describe());
});
