/** What a fog makes of its machines: who lies gets less and less, who is new gets some; kill -9 changes nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { printModule, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';
import type { NodeTrust } from '@fog/wire';
import { joinCodes, lend, OWNERS } from './liar-world.ts';

const TASKS = 30;
/** A liar that is not found within so many batches is not found. */
const MOST_BATCHES = 10;
const DEADLINE_MS = 120_000;
const FLAGS = ['--no-mixnet', '--no-worker'];

describe('the reputation of machines', () => {
  const stack = new AsyncDisposableStack();
  let world: FogWorld;
  let fog: RunningFog;
  let newcomerCode = '';

  before(async () => {
    world = stack.use(await fogWorld());
    const codes = await joinCodes(world.dir.file('fog'), [...OWNERS, 'dora']);
    newcomerCode = codes[OWNERS.length] ?? '';
    fog = await world.up(['--port', '0', ...FLAGS]);
    const { url } = fog;
    for (const [at, owner] of OWNERS.entries()) {
      const joinCode = codes[at] ?? '';
      stack.use(await lend({ url, dir: world.dir.path, owner, joinCode, seed: at + 1 }));
    }
  });

  after(() => stack.disposeAsync());

  /** Tasks that each machine was given, checks included. */
  async function batch(): Promise<Record<string, number>> {
    const { client } = fog;
    const { content } = await client.uploadBlob(printModule('the right answer\n'));
    const spec = { runtime: 'wasm', module: content, moduleName: 'right.wasm' } as const;
    const strict = { determinism: 'strict', array: { count: TASKS } } as const;
    const { id } = await client.submit({ ...spec, ...strict });
    const ended = async (): Promise<boolean> =>
      (await client.job(id, { waitMs: 5_000 })).state === 'settled';
    await waitFor('the job to settle', ended, { deadlineMs: DEADLINE_MS });
    const names = new Map((await client.nodes()).map((node) => [node.id, node.name]));
    const given: Record<string, number> = {};
    for (let index = 0; index < TASKS; index += 1) {
      for (const { node } of (await client.task(id, index)).attempts) {
        const name = names.get(node) ?? node;
        given[name] = (given[name] ?? 0) + 1;
      }
    }
    return given;
  }

  async function trustOf(name: string): Promise<NodeTrust> {
    const node = (await fog.client.nodes()).find((one) => one.name === name);
    assert.ok(node, name);
    return fog.client.nodeTrust(node.id);
  }

  async function shown(...args: string[]): Promise<string> {
    const child = world.fog([...args, '--data-dir', fog.dataDir]);
    const { code, stdout, stderr } = await child.ended();
    assert.equal(code, 0, stderr);
    return stdout;
  }

  it('falls with a lie, and with it the work', async (t) => {
    const shares: number[] = [];
    const isKnown = async (): Promise<boolean> => {
      const honest = await Promise.all(['ada', 'bob', 'cleo'].map(trustOf));
      const isFound = (await trustOf('liar')).kinds.some(({ bad }) => bad > 0);
      return isFound && honest.every(({ newcomer }) => !newcomer);
    };
    do {
      assert.ok(shares.length < MOST_BATCHES, `nothing is known after ${MOST_BATCHES} batches`);
      shares.push((await batch()).liar ?? 0);
    } while (!(await isKnown()));
    shares.push((await batch()).liar ?? 0);
    t.diagnostic(`tasks of the liar, batch by batch: ${shares.join(', ')}`);
    assert.ok((shares[0] ?? 0) > 0);
    assert.equal(shares.at(-1), 0);
    const text = await shown('node', 'liar', '--trust');
    assert.match(text, /^newcomer +yes/m);
    assert.match(text, / result +bad +5 +fog +job j/);
    assert.match(text, /^recounted .*the same numbers$/m);
    assert.match(await shown('nodes'), /ada .* 0\.[5-9]\d /);
  });

  it('begins low: a newcomer gets some work, and all of it is checked', async (t) => {
    const { url } = fog;
    const machine = { url, dir: world.dir.path, owner: 'dora', joinCode: newcomerCode, seed: 9 };
    stack.use(await lend(machine));
    let given = 0;
    for (let turn = 0; given === 0; turn += 1) {
      assert.ok(turn < MOST_BATCHES, 'the newcomer got nothing');
      const { dora = 0, ada = 0 } = await batch();
      given += dora;
      t.diagnostic(`of a batch dora was given ${dora}, ada ${ada}`);
    }
    await waitFor('what it did to be checked', async () => (await trustOf('dora')).effective > 0);
    const { kinds } = await trustOf('dora');
    assert.equal(kinds.find(({ kind }) => kind === 'result')?.bad, 0);
  });

  it('outlives kill -9, and comes out of the log of evidence again', async () => {
    const names = [...OWNERS, 'dora'];
    const before = new Map<string, NodeTrust>();
    for (const name of names) before.set(name, await trustOf(name));
    const { port } = new URL(fog.url);
    await fog.child.kill();
    fog = await world.up(['--port', port, ...FLAGS]);
    for (const name of names) {
      const was = before.get(name);
      const is = await trustOf(name);
      assert.deepEqual(is.evidence, was?.evidence);
      for (const figure of ['score', 'lower', 'effective'] as const) {
        assert.ok(Math.abs(is[figure] / (was?.[figure] ?? 0) - 1) < 1e-3, `${name} ${figure}`);
      }
      assert.equal(is.recounted, true);
    }
  });

  it('is told to nobody else, and asked for in one way', async () => {
    const child = world.fog(['nodes', '--trust', '--data-dir', fog.dataDir]);
    const { code, stderr } = await child.ended();
    assert.equal(code, 2);
    assert.match(stderr, /--trust is about one node/);
    const unknown = world.fog(['node', 'nobody', '--trust', '--data-dir', fog.dataDir]);
    assert.match((await unknown.ended()).stderr, /There is no node "nobody"/);
  });
});
