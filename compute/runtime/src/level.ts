import { errorMessage } from '@fog/kernel';
import type { SandboxLevel } from '@fog/wire';
import { fail } from './errors.ts';
import type { HostTools } from './host-tools.ts';

export interface ChosenLevel {
  readonly level: SandboxLevel;
  /** Why it is not `os`, with the remedy. */
  readonly reason: string | undefined;
}

/** Runs a whole program in a sandbox of the level; throws with the cause when that does not work. */
export type ProbeLevel = (level: SandboxLevel) => Promise<void>;

/** Finds the level by really running a program at it. */
export async function chooseLevel(
  wanted: SandboxLevel | 'auto',
  tools: HostTools,
  probe: ProbeLevel,
): Promise<ChosenLevel> {
  if (wanted === 'process') {
    await probe('process');
    return { level: 'process', reason: withLimits('it was asked for', tools) };
  }
  const obstacle = await osObstacle(tools, probe);
  if (obstacle === undefined) return { level: 'os', reason: undefined };
  if (wanted === 'os') {
    throw fail('RUNTIME_LEVEL', {
      message: `The sandbox level "os" is not available: ${obstacle}`,
    });
  }
  await probe('process');
  return { level: 'process', reason: withLimits(obstacle, tools) };
}

async function osObstacle(tools: HostTools, probe: ProbeLevel): Promise<string | undefined> {
  if (tools.bwrap === undefined) {
    return process.platform === 'linux'
      ? 'bubblewrap is not installed (Debian, Ubuntu: sudo apt install bubblewrap)'
      : 'it needs bubblewrap, which exists on Linux only: run the agent in a Linux virtual machine for it';
  }
  try {
    await probe('os');
    return undefined;
  } catch (error) {
    const cause = errorMessage(error);
    const remedy = /bwrap/.test(cause) ? ' (it needs unprivileged user namespaces)' : '';
    return `bubblewrap does not work here: ${cause}${remedy}`;
  }
}

function withLimits(reason: string, tools: HostTools): string {
  if (tools.prlimit !== undefined) return reason;
  return `${reason}; prlimit is missing too, so memory is watched but not capped (install util-linux)`;
}
