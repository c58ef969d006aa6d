import { readdir } from 'node:fs/promises';
import { identityFromSeed } from '@fog/crypto';
import { type Clock, silentLogger, systemClock } from '@fog/kernel';
import { type TempDir, tempDir } from '@fog/testkit';
import type { JobSpecInput } from '@fog/wire';
import { type Agent, type AgentOptions, type AgentStatus, createAgent } from '../src/index.ts';
import {
  FakeCoordinator,
  type FakeCoordinatorOptions,
  type FakeSession,
} from './fake-coordinator.ts';
import { type FakeRun, FakeRuntime } from './fake-runtime.ts';
import { waitFor } from './until.ts';

export const NEVER: AbortSignal = new AbortController().signal;
export const identity = identityFromSeed(new Uint8Array(32).fill(9));

export interface Rig extends AsyncDisposable {
  readonly agent: Agent;
  readonly coordinator: FakeCoordinator;
  readonly runtime: FakeRuntime;
  readonly dir: TempDir;
  readonly statuses: AgentStatus[];
  /** Content of a module the coordinator serves. */
  readonly module: string;
  spec(more?: Partial<JobSpecInput>): JobSpecInput;
  /** The nth session once it is welcomed and the agent spoke. */
  session(number: number): Promise<FakeSession>;
  run(number: number): Promise<FakeRun>;
}

export interface RigOptions {
  readonly coordinator?: FakeCoordinatorOptions;
  readonly agent?: Partial<AgentOptions>;
  readonly clock?: Clock;
  readonly start?: boolean;
}

/** An agent, started unless told otherwise, with a coordinator played over real sockets. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const coordinator = stack.use(await FakeCoordinator.start(options.coordinator));
  const runtime = new FakeRuntime();
  const statuses: AgentStatus[] = [];
  const agent = createAgent(
    {
      url: coordinator.url,
      dataDir: dir.file('agent'),
      name: 'laptop',
      slots: 2,
      onStatus: (status) => void statuses.push(status),
      ...options.agent,
    },
    {
      clock: options.clock ?? systemClock,
      logger: silentLogger,
      runtime,
      identity,
      random: () => 0,
    },
  );
  stack.defer(() => agent.stop());
  const module = coordinator.addBlob('module');
  if (options.start !== false) await agent.start(NEVER);
  return {
    agent,
    coordinator,
    runtime,
    dir,
    statuses,
    module,
    spec: (more = {}) => ({ runtime: 'wasm', module, moduleName: 'm.wasm', ...more }),
    session: (number) =>
      waitFor(`session ${number}`, () => {
        const session = coordinator.sessions[number - 1];
        return session?.hello === undefined ? undefined : session;
      }),
    run: (number) => waitFor(`run ${number}`, () => runtime.runs[number - 1]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Names of all files in the spool. */
export async function spoolFiles({ dir }: Pick<Rig, 'dir'>): Promise<string[]> {
  const entries = await readdir(dir.file('agent', 'spool'), {
    recursive: true,
    withFileTypes: true,
  });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
