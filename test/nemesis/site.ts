/** Where the machines of a fleet stand: each in a network of its own that can be cut off, or all on the loopback. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isEnclosed } from './enclosure.ts';

const run = promisify(execFile);

export interface Place {
  /** Address of its own. */
  readonly host: string;
  /** Put before a command, it runs there. */
  readonly prefix: readonly string[];
  /** Nothing goes in or out, and nobody is told. */
  cut(): Promise<void>;
  heal(): Promise<void>;
}

export interface Site {
  /** Where all places reach what the harness itself runs. */
  readonly host: string;
  readonly canCut: boolean;
  /** A small disk at `dir`. */
  readonly canFill: boolean;
  place(name: string): Promise<Place>;
  mountDisk(dir: string, size: string): Promise<AsyncDisposable>;
}

const SUBNET = '10.99.0';
const BRIDGE = 'nemesis';

export async function openSite(): Promise<Site> {
  if (!isEnclosed()) return loopback;
  await ip('link', 'add', BRIDGE, 'type', 'bridge');
  await ip('addr', 'add', `${SUBNET}.1/24`, 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  let places = 0;
  return {
    host: `${SUBNET}.1`,
    canCut: true,
    canFill: true,
    place: async (name) => {
      places += 1;
      return enclosedPlace(name, `${SUBNET}.${10 + places}`);
    },
    mountDisk: async (dir, size) => {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', dir]);
      return {
        [Symbol.asyncDispose]: async () => {
          await run('umount', ['--lazy', dir]);
        },
      };
    },
  };
}

async function enclosedPlace(name: string, host: string): Promise<Place> {
  const link = `to-${name}`;
  const prefix = ['ip', 'netns', 'exec', name];
  await ip('netns', 'add', name);
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'net0', 'netns', name);
  await ip('link', 'set', link, 'master', BRIDGE, 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'addr', 'add', `${host}/24`, 'dev', 'net0');
  await ip('-n', name, 'link', 'set', 'net0', 'up');
  // Taken off the bridge, the far end stays up: what is sent is lost without an error.
  return {
    host,
    prefix,
    cut: () => ip('link', 'set', link, 'nomaster'),
    heal: () => ip('link', 'set', link, 'master', BRIDGE),
  };
}

const loopback: Site = {
  host: '127.0.0.1',
  canCut: false,
  canFill: false,
  place: async () => ({ host: '127.0.0.1', prefix: [], cut: impossible, heal: impossible }),
  mountDisk: impossible,
};

async function impossible(): Promise<never> {
  throw new Error('this needs an enclosed run');
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', args, { timeout: 10_000 });
}
