import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const BUBBLEWRAP = ['/usr/bin/bwrap', '/bin/bwrap', '/usr/local/bin/bwrap'];
const PROBE = ['--unshare-all', '--uid', '65534', '--ro-bind', '/', '/', '--', '/bin/true'];

let known: { readonly reason: string | undefined } | undefined;

/** Asked of the machine and not of fog, so that a fault of fog cannot hide the tests of its sandbox. */
function missingOsLevel(): string | undefined {
  const found = BUBBLEWRAP.find((file) => existsSync(file));
  if (found === undefined) return 'bubblewrap is not installed';
  const { status, error } = spawnSync(found, PROBE, { stdio: 'ignore', timeout: 10_000 });
  return status === 0 ? undefined : `bubblewrap does not work here (${error?.message ?? status})`;
}

/** Options of a suite for one sandbox level: where the machine has no level `os`, it says so and does not run. */
export function atLevel(level: 'os' | 'process'): { skip?: string } {
  if (level === 'process') return {};
  known ??= { reason: missingOsLevel() };
  return known.reason === undefined ? {} : { skip: known.reason };
}
