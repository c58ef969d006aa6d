#!/usr/bin/env node
// Runs on any Node ≥ 20: finds a Node ≥ 24 (this one, or the one installed beside us) and hands over.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_MAJOR = 24;
/** Tells the second process that it was started by the first. */
const LAUNCHED = 'FOG_LAUNCHED';
/** As of a process that was killed. */
const KILLED = 137;
const here = fileURLToPath(import.meta.url);

function bundledNode() {
  const require = createRequire(here);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const root = path.dirname(require.resolve(`${name}/package.json`));
    return path.join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return undefined;
  }
}

if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  if (process.env[LAUNCHED] !== undefined) {
    delete process.env[LAUNCHED];
    // The launcher was killed: what it stands for must not live on unseen.
    process.once('disconnect', () => process.exit(KILLED));
  }
  // Everything that follows is loaded through the cache, hence the dynamic imports.
  const { enableCompileCache } = await import('./compile-cache.js');
  enableCompileCache(process.env);
  if (process.argv[2] === 'join') (await import('./small-heap.js')).keepHeapSmall();
  await import('../src/main.ts');
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `fog: needs Node ${MINIMUM_MAJOR} or newer, this is ${process.version}, and none came with the packages.\n` +
        `     Run "npm ci" without --omit=optional, or install Node ${MINIMUM_MAJOR}.\n`,
    );
    process.exit(125);
  }
  const child = spawn(node, [here, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHED]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9));
  });
}
