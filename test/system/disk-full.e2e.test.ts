/** Full disks, of the coordinator and of an agent: said, survived, and over when there is room again. */
import assert from 'node:assert/strict';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { createClient } from '@fog/server/client';
import { helloModule, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';

const SLOW_MS = 120_000;
const BLOCK = Buffer.alloc(64 * 1024, 1);

type Child = ReturnType<FogWorld['shell']>;

interface SmallDisk {
  readonly child: Child;
  readonly dir: string;
  /** The directory as the command sees it. */
  readonly inside: string;
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** Runs a command whose directory is a small disk of its own; needs the right to mount. */
async function onSmallDisk(world: FogWorld, name: string, command: string): Promise<SmallDisk> {
  const dir = world.dir.file(name);
  await mkdir(dir);
  const mount = `mount -t tmpfs -o size=32m,mode=700 tmpfs ${dir}`;
  const child = world.shell(`exec unshare --mount sh -c '${mount} && exec ${command}'`);
  const inside = `/proc/${child.pid}/root${dir}`;
  const fat = `${inside}/fat`;
  return {
    child,
    dir,
    inside,
    fill: async () => {
      const handle = await open(fat, 'w');
      try {
        for (;;) await handle.write(BLOCK);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      } finally {
        await handle.close();
      }
    },
    free: () => rm(fat),
  };
}

describe('a full disk', () => {
  it('of the coordinator: 507, reads go on, health says it, and it recovers', async () => {
    await using world = await fogWorld();
    const command = `"$FOG" up --no-worker --no-mixnet --port 0 --data-dir ${world.dir.file('disk')}/fog`;
    const disk = await onSmallDisk(world, 'disk', command);
    const [, url = ''] = await disk.child.output(/join (http:\S+) --token/, 60_000);
    const token = (await readFile(`${disk.inside}/fog/operator.token`, 'utf8')).trim();
    const client = createClient({ url, token });
    const { content } = await client.uploadBlob(helloModule());
    const spec = { runtime: 'wasm', module: content, moduleName: 'hello.wasm' } as const;
    const { id } = await client.submit(spec);

    await disk.fill();
    await assert.rejects(client.uploadBlob(Buffer.alloc(4_000_000)), { code: 'STORE_DISK_FULL' });
    await assert.rejects(client.submit(spec), { code: 'STORE_DISK_FULL' });
    await waitFor('reads', async () => (await client.job(id).catch(() => undefined))?.id === id);
    await assert.rejects(client.submit(spec), { code: 'STORE_DISK_FULL' });
    const degraded = await waitFor('the health', async () =>
      (await client.services()).find(
        ({ name, health }) => name === 'coordinator' && health === 'degraded',
      ),
    );
    assert.match(degraded.detail ?? '', /is full.*[Mm]ake room/);

    await disk.free();
    const again = await waitFor('room', () => client.submit(spec).catch(() => undefined));
    assert.notEqual(again.id, id);
    await waitFor('good health', async () =>
      (await client.services()).every(({ health }) => health === 'healthy'),
    );
    assert.equal((await disk.child.stop()).code, 0);
  });

  it('of an agent: the attempt fails with the reason, and another machine does it', async () => {
    await using world = await fogWorld();
    const fog = await world.up(['--no-worker', '--no-mixnet', '--port', '0']);
    const join = fog.joinLine.replace(/^\S+(?: \S+)*? join/, '"$FOG" join');
    const full = await onSmallDisk(
      world,
      'disk',
      `${join} --data-dir ${world.dir.file('disk')}/agent`,
    );
    await full.child.output(/this machine is node/, 60_000);
    await full.fill();
    const { content } = await fog.client.uploadBlob(helloModule());
    const spec = {
      runtime: 'wasm',
      module: content,
      moduleName: 'hello.wasm',
      retries: 20,
    } as const;
    const { id } = await fog.client.submit(spec);
    const requeued = await waitFor('a failed attempt', async () =>
      (await fog.client.events(id)).find(({ type }) => type === 'requeued'),
    );
    assert.match(
      requeued.cause ?? '',
      /could not be fetched: the disk of this machine takes no more/,
    );
    const other = await world.join(fog.joinLine, ['--slots', '1']);
    await waitFor('the job', async () => (await fog.client.job(id)).state === 'settled', {
      deadlineMs: SLOW_MS,
    });
    assert.equal((await fog.client.task(id, 0)).node, other.node);
    assert.ok(full.child.running);
    for (const each of [full.child, other.child, fog.child]) {
      assert.equal((await each.stop()).code, 0, each.describe());
    }
  });
});
