// Plain JavaScript: what runs before the compile cache is on must not need the type stripper (40 ms).
import { homedir } from 'node:os';
import path from 'node:path';

/** FOG_DATA_DIR, else $XDG_DATA_HOME/fog, else ~/.local/share/fog. */
export function defaultDataDir(env) {
  if (env['FOG_DATA_DIR']) return path.resolve(env['FOG_DATA_DIR']);
  // The XDG base directory specification ignores relative values.
  const xdg = env['XDG_DATA_HOME'];
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.local', 'share');
  return path.join(base, 'fog');
}
