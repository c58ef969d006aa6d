import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { inspectProgram } from '../../src/run/program.ts';

const MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const COMPONENT = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);

async function runtimeOf(name: string, content: string | Uint8Array): Promise<string> {
  await using dir = await tempDir();
  const file = path.join(dir.path, name);
  await writeFile(file, content);
  return (await inspectProgram(file)).runtime;
}

async function refuses(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isFogError(error, 'FOG_PROGRAM'));
    assert.match(error.message, message);
    return true;
  });
}

describe('inspectProgram', () => {
  it('a pipe that nobody writes to is refused, not waited for', async () => {
    await using dir = await tempDir();
    execFileSync('mkfifo', [dir.file('a.py')]);
    await refuses(inspectProgram(dir.file('a.py')), /is not a regular file/);
  });

  it('takes modules by content, whatever they are called', async () => {
    assert.equal(await runtimeOf('a.wasm', MODULE), 'wasm');
    assert.equal(await runtimeOf('a.out', MODULE), 'wasm');
  });

  it('takes Python by name or by its first line', async () => {
    assert.equal(await runtimeOf('a.py', 'print(1)'), 'python');
    assert.equal(await runtimeOf('tool', '#!/usr/bin/env python3\nprint(1)'), 'python');
  });

  it('says what fog runs', async () => {
    await refuses(runtimeOf('a.rb', 'puts 1'), /is no program fog knows\. Fog runs WebAssembly/);
    await refuses(runtimeOf('a.wasm', 'text'), /is not a WebAssembly module/);
    await refuses(runtimeOf('a.wasm', COMPONENT), /is a WebAssembly component/);
    await refuses(runtimeOf('a.py', ''), /is empty/);
  });

  it('refuses what is no readable file', async (t) => {
    await using dir = await tempDir();
    await refuses(inspectProgram(path.join(dir.path, 'no.py')), /no\.py does not exist/);
    await mkdir(path.join(dir.path, 'd.py'));
    await refuses(inspectProgram(path.join(dir.path, 'd.py')), /is a directory.*--input/);
    await writeFile(path.join(dir.path, 'secret.py'), 'x');
    await chmod(path.join(dir.path, 'secret.py'), 0);
    // root reads everything.
    if (process.getuid?.() === 0) t.diagnostic('runs as root: the unreadable file was not tried');
    else await refuses(inspectProgram(path.join(dir.path, 'secret.py')), /permission denied/);
  });
});
