import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { countGpus } from '../src/measure/gpus.ts';
import { createLoadMeter, freeDiskBytes, machineSources } from '../src/measure/load-meter.ts';
import { measureSpeed } from '../src/measure/speed.ts';
import { FakeRuntime, NO_USAGE } from './fake-runtime.ts';

const NEVER = new AbortController().signal;

test('the load is the share of all cores since the last look', async () => {
  const times = [
    { busyMs: 100, totalMs: 1000 },
    { busyMs: 350, totalMs: 2000 },
    { busyMs: 350, totalMs: 2000 },
    { busyMs: 1350, totalMs: 3000 },
  ];
  const disk = Promise.resolve(7);
  const meter = createLoadMeter({
    cpuTimes: () => times.shift() ?? { busyMs: 0, totalMs: 0 },
    freeMemoryBytes: () => 5,
    freeDiskBytes: () => disk,
  });
  assert.deepEqual(meter.read(), { cpu: 0.25, freeMemoryBytes: 5 });
  await disk;
  assert.deepEqual(meter.read(), { cpu: 0, freeMemoryBytes: 5, freeDiskBytes: 7 });
  assert.equal(meter.read().cpu, 1);
  assert.equal(meter.read().cpu, 0);
});

test('this machine has memory, a disk and cores', async () => {
  await using dir = await tempDir();
  const sources = machineSources(dir.path);
  assert.ok(sources.freeMemoryBytes() > 0);
  assert.ok(((await sources.freeDiskBytes()) ?? 0) > 0);
  assert.ok(sources.cpuTimes().totalMs > 0);
  assert.equal(await freeDiskBytes(dir.file('none')), undefined);
});

test('GPUs are the devices that Linux shows, and none elsewhere', async () => {
  const devices: Readonly<Record<string, string[]>> = {
    '/dev/dri': ['card0', 'card1', 'renderD128'],
    '/dev': ['nvidia0', 'nvidia1', 'nvidiactl', 'null'],
  };
  const list = async (dir: string): Promise<string[]> => {
    const found = devices[dir];
    if (found === undefined) throw new Error('ENOENT');
    return found;
  };
  assert.equal(await countGpus(list), 2);
  assert.equal(await countGpus(async () => []), 0);
  assert.equal(await countGpus(() => Promise.reject(new Error('EACCES'))), 0);
});

class CountingRuntime extends FakeRuntime {
  versions = { wasm: 'wasm-1' };
}

test('the speed is measured once for a version of the runtime', async () => {
  await using dir = await tempDir();
  const runtime = new CountingRuntime();
  const deps = { runtime, logger: silentLogger };
  runtime.auto = ({ end }) => end({ usage: { ...NO_USAGE, cpuMs: 50, fuel: 90_000_000 } });
  assert.equal(await measureSpeed(dir.path, deps, NEVER), 1_800_000_000);
  assert.equal(runtime.runs[0]?.request.determinism, 'strict');
  assert.equal(await measureSpeed(dir.path, deps, NEVER), 1_800_000_000);
  assert.equal(runtime.runs.length, 1);
  runtime.versions = { wasm: 'wasm-2' };
  await measureSpeed(dir.path, deps, NEVER);
  assert.equal(runtime.runs.length, 2);
  await writeFile(dir.file('speed.json'), 'damaged');
  await measureSpeed(dir.path, deps, NEVER);
  assert.equal(runtime.runs.length, 3);
});

test('what cannot be measured is left out', async () => {
  await using dir = await tempDir();
  const runtime = new CountingRuntime();
  const deps = { runtime, logger: silentLogger };
  runtime.auto = ({ end }) => end();
  assert.equal(await measureSpeed(dir.path, deps, NEVER), undefined);
  assert.equal(await measureSpeed(dir.file('none'), deps, NEVER), undefined);
  const without = { ...deps, runtime: new FakeRuntime() };
  assert.equal(await measureSpeed(dir.path, without, NEVER), undefined);
});
