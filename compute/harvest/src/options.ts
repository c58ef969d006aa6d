import { hostname } from 'node:os';
import type { FogError } from '@fog/kernel';
import {
  type FogAddress,
  NodeName,
  type NodeProfile,
  readFogAddress,
  type SandboxLevel,
} from '@fog/wire';
import { fail } from './errors.ts';
import { MAX_NAME_CHARS, MAX_SLOTS } from './limits.ts';

export interface AgentStatus {
  /** `working`: connected, with tasks running. */
  readonly state: 'connecting' | 'connected' | 'disconnected' | 'working';
  /** One sentence for a person. */
  readonly detail: string;
  /** Tasks in their slots now. */
  readonly running: number;
  /** Set when the agent has stopped for good. */
  readonly error?: FogError;
}

export interface AgentOptions {
  /** Address of the fog, or several in the order they are dialled: see `readFogAddress` of @fog/wire. */
  readonly url: string;
  /** Private directory of this agent, locked by the caller. */
  readonly dataDir: string;
  /** Where met fogs are remembered, which agents may share; `known-fogs.json` in the data dir when left out. */
  readonly knownFogsFile?: string;
  /** Name of the node for people; the host's name when left out. */
  readonly name?: string;
  /** Needed for the first enrolment only. */
  readonly joinCode?: string;
  /** Tasks at once. */
  readonly slots: number;
  /** What its owner says of the machine; a plain compute node when left out. */
  readonly profile?: NodeProfile;
  /** Whether the speed of the machine is measured when it is not known yet, which takes some 0.3 s. */
  readonly measureSpeed?: boolean;
  /** Weakest sandbox the owner of this machine accepts; `start` refuses a weaker one. */
  readonly runtimeLevel?: SandboxLevel | 'auto';
  /** Bytes of job data kept on disk between tasks. */
  readonly cacheBytes?: number;
  readonly onStatus?: (status: AgentStatus) => void;
}

export interface CheckedOptions {
  readonly address: FogAddress;
  readonly name: string;
}

/** Throws AGENT_OPTIONS that names the option, its value and what it must be. */
export function checkOptions(options: AgentOptions): CheckedOptions {
  if (!Number.isInteger(options.slots) || options.slots < 1 || options.slots > MAX_SLOTS) {
    throw wrong(`The number of slots must be a whole number from 1 to ${MAX_SLOTS}.`, 'slots');
  }
  const name = options.name ?? (hostname().slice(0, MAX_NAME_CHARS) || 'node');
  const { error } = NodeName.safeParse(name);
  if (error !== undefined) {
    throw wrong(`The name of the node ${error.issues[0]?.message}.`, 'name');
  }
  const { address, problem } = readFogAddress(options.url);
  if (address === undefined) throw wrong(problem, 'url');
  return { address, name };
}

function wrong(message: string, option: string): FogError {
  return fail('AGENT_OPTIONS', { message, details: { option } });
}
