// Compiled code is kept in the data directory: it takes two thirds off the start-up.
import { mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { defaultDataDir } from './data-dir.js';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Whoever can write in the cache runs code as us, so a directory that is not ours alone is not used.
 * Fog works without a cache, hence no errors.
 */
export function enableCompileCache(env) {
  const directory = path.join(defaultDataDir(env), 'compile-cache');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (isOursAlone(directory)) module.enableCompileCache(directory);
  } catch {
    // An unwritable home: "fog doctor" reports it.
  }
}

function isOursAlone(directory) {
  const stats = statSync(directory);
  const ours = process.getuid === undefined || stats.uid === process.getuid();
  return ours && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}
