import { FogError } from '@fog/kernel';
import type { FogClient } from '@fog/server/client';
import type { Job, JobDetail, OutputBytes, Task, TaskOutcome } from '@fog/wire';

/** A client of which a test writes only the calls it needs; any other call fails the test. */
export function scriptedClient(calls: Partial<FogClient>): FogClient {
  return new Proxy(calls as FogClient, {
    get: (target, name, receiver) => {
      if (Reflect.has(target, name)) return Reflect.get(target, name, receiver);
      throw new Error(`the test did not expect ${String(name)}`);
    },
  });
}

export function unreachable(): FogError {
  const row = { message: 'No fog answers.', kind: 'unavailable', retryable: true } as const;
  return new FogError('CLIENT_UNREACHABLE', row);
}

export function inline(text: string): OutputBytes {
  const bytes = Buffer.from(text);
  return { sizeBytes: bytes.length, data: bytes.toString('base64') };
}

export interface Ending {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
  readonly failure?: TaskOutcome['outcome']['failure'];
}

export function outcomeOf(ending: Ending): TaskOutcome['outcome'] {
  return {
    exitCode: ending.exitCode ?? 0,
    ...(ending.failure === undefined ? {} : { failure: ending.failure }),
    stdout: inline(ending.stdout ?? ''),
    stderr: inline(ending.stderr ?? ''),
    files: [],
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
  };
}

export function endedTask(ending: Ending, attempts = 1): Task {
  return {
    index: 0,
    state: ending.failure === undefined ? 'settled' : 'failed',
    attempts: Array.from({ length: attempts }, (_, at) => ({
      number: at + 1,
      token: at + 1,
      node: 'a'.repeat(26),
      leasedAt: 0,
      state: at + 1 === attempts ? 'accepted' : 'lost',
    })),
    outcome: outcomeOf(ending),
  };
}

export function endedJob(job: Partial<Job> = {}): JobDetail {
  return {
    id: 'jabcdefghijkl',
    owner: 'operator',
    name: 'test',
    state: 'settled',
    exitCode: 0,
    tasks: { total: 1, queued: 0, running: 0, settled: 1, failed: 0, cancelled: 0 },
    createdAt: 0,
    ...job,
    spec: { array: undefined } as never,
  };
}
