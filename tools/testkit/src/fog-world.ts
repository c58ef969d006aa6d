/** Real `fog` commands in a world of their own: data, temporary files and ports that nobody else uses. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient, type FogClient } from '@fog/server/client';
import { Child, type ChildOptions } from './child.ts';
import { tempDir, type TempDir } from './temp-dir.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
/** Compiled code is shared by all tests: without it every command takes three times as long to start. */
const SHARED_HOME = path.join(REPOSITORY, 'node_modules/.cache/fog-tests');
const FOG = path.join(REPOSITORY, 'apps/fog/bin/fog.js');
const READY_MS = 60_000;

export type FogOptions = Pick<ChildOptions, 'cwd' | 'env' | 'stdin'>;

export interface RunningFog {
  readonly child: Child;
  readonly url: string;
  readonly client: FogClient;
  readonly dataDir: string;
  /** The command that `fog up` printed for other machines. */
  readonly joinLine: string;
  readonly joinCode: string;
}

export interface RunningAgent {
  readonly child: Child;
  readonly node: string;
  readonly dataDir: string;
}

export interface FogWorld extends AsyncDisposable {
  readonly dir: TempDir;
  /** Starts one command; what still runs at the end of the world is killed. */
  fog(args: readonly string[], options?: FogOptions): Child;
  /** Runs a line of shell in which `"$FOG"` is the command. */
  shell(line: string, options?: FogOptions): Child;
  /** `fog up` in `name`, ready; again in the same `name` it goes on where it was. */
  up(args?: readonly string[], name?: string, env?: FogOptions['env']): Promise<RunningFog>;
  /** Runs a printed join line as a shell would, ready. Without a name each call has a data directory of its own. */
  join(line: string, args?: readonly string[], name?: string): Promise<RunningAgent>;
  /** Temporary files that commands left. */
  leftovers(): Promise<string[]>;
}

export async function fogWorld(): Promise<FogWorld> {
  const dir = await tempDir();
  const stack = new AsyncDisposableStack();
  stack.use(dir);
  const temporary = dir.file('tmp');
  await mkdir(temporary);
  await mkdir(SHARED_HOME, { recursive: true, mode: 0o700 });
  const env = { TMPDIR: temporary, XDG_DATA_HOME: SHARED_HOME, FOG };
  const start = (command: readonly string[], options: FogOptions = {}): Child => {
    const [program = '', ...args] = command;
    return stack.use(
      new Child({ ...options, command: program, args, env: { ...env, ...options.env } }),
    );
  };
  const fog: FogWorld['fog'] = (args, options) => start([process.execPath, FOG, ...args], options);
  const shell: FogWorld['shell'] = (line, options) => start(['/bin/sh', '-c', line], options);
  let agents = 0;
  return {
    dir,
    fog,
    shell,
    up: async (args: readonly string[] = [], name = 'fog', upEnv: FogOptions['env'] = {}) => {
      const dataDir = dir.file(name);
      return ready(fog(['up', '--data-dir', dataDir, ...args], { env: upEnv }), dataDir);
    },
    join: async (line: string, args: readonly string[] = [], name?: string) => {
      agents += 1;
      const dataDir = dir.file(name ?? `agent-${agents}`);
      const extra = ['--data-dir', dataDir, ...args].join(' ');
      const child = shell(`exec ${line} ${extra}`);
      const [, node = ''] = await child.output(/this machine is node (\S+)/, READY_MS);
      return { child, node, dataDir };
    },
    leftovers: () => readdir(temporary),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function ready(child: Child, dataDir: string): Promise<RunningFog> {
  const [joinLine = ''] = (
    await child.output(/^ +(\S.* join https?:\S+ --token \S+)$/m, READY_MS)
  ).slice(1);
  const [, url = '', joinCode = ''] = / join (\S+) --token (\S+)/.exec(joinLine) ?? [];
  const text = await readFile(path.join(dataDir, 'endpoint.json'), 'utf8');
  const endpoint = JSON.parse(text) as { token: string };
  return {
    child,
    url,
    client: createClient({ url, token: endpoint.token }),
    dataDir,
    joinLine,
    joinCode,
  };
}
