import path from 'node:path';
import { openIdentity } from '@fog/crypto';
import { type Agent, type AgentStatus, createAgent } from '@fog/harvest';
import type { Clock, Logger } from '@fog/kernel';
import { createRuntime, type Runtime } from '@fog/runtime';
import type { NodeProfile } from '@fog/wire';
import type { SandboxChoice } from '../run/run-flags.ts';
import { lockFirstFree } from './lock-first-free.ts';

export interface ComposeAgentOptions {
  readonly url: string;
  /** The agent's key and spool lie in the first free directory below: a second agent is a second node. */
  readonly agentsDir: string;
  /** Snapshots and caches of the sandboxes lie in the first free directory below, and stay for the next. */
  readonly runtimesDir: string;
  /** Fogs that were met, for all agents and commands of the data directory. */
  readonly knownFogsFile: string;
  readonly slots: number;
  readonly sandbox: SandboxChoice;
  readonly name?: string | undefined;
  readonly profile?: NodeProfile | undefined;
  /** As of @fog/harvest. */
  readonly measureSpeed?: boolean | undefined;
  readonly joinCode?: string | undefined;
  readonly onStatus?: (status: AgentStatus) => void;
}

export interface ComposedAgent extends Disposable {
  readonly agent: Agent;
  readonly nodeId: string;
  readonly runtime: Runtime;
}

/** An agent with its key, its locks and its sandboxes; not started. Disposing it frees the locks. */
export async function composeAgent(
  options: ComposeAgentOptions,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<ComposedAgent> {
  using stack = new DisposableStack();
  const { slots, sandbox } = options;
  const { dir } = stack.use(lockFirstFree(options.agentsDir));
  const runtimeDir = stack.use(lockFirstFree(options.runtimesDir)).dir;
  const identity = await openIdentity(path.join(dir, 'node.key'));
  const runtime = createRuntime({ dataDir: runtimeDir, slots, level: sandbox }, deps);
  const agent = createAgent(
    {
      url: options.url,
      dataDir: dir,
      knownFogsFile: options.knownFogsFile,
      slots,
      runtimeLevel: sandbox,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(options.measureSpeed === undefined ? {} : { measureSpeed: options.measureSpeed }),
      ...(options.joinCode === undefined ? {} : { joinCode: options.joinCode }),
      ...(options.onStatus === undefined ? {} : { onStatus: options.onStatus }),
    },
    { ...deps, runtime, identity },
  );
  const owned = stack.move();
  return { agent, nodeId: identity.id, runtime, [Symbol.dispose]: () => owned.dispose() };
}
