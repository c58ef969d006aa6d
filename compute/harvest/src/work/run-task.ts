/** One task from its lease to its result: stage and run. */
import { errorMessage } from '@fog/kernel';
import type { RunEnd, RunSink, Runtime } from '@fog/runtime';
import { failedOutcome, type FailureCode, type JobSpec, type Phase } from '@fog/wire';
import type { LiveOutput } from '../output/live-output.ts';
import {
  clipMessage,
  type EncodedResult,
  encodeResult,
  encodeRun,
  type ResultContext,
} from '../output/encode-result.ts';
import type { SpooledUpload } from '../output/spool-record.ts';
import { TaskOutput } from '../output/task-output.ts';
import type { BlobCache } from '../staging/blob-cache.ts';
import type { JobSpecs } from '../staging/job-specs.ts';
import { stageTask, type StagedTask } from '../staging/stage-task.ts';
import type { HeldLease } from './lease-table.ts';
import { refuseWork } from './refuse-work.ts';

export interface TaskDeps {
  readonly runtime: Runtime;
  readonly specs: JobSpecs;
  readonly cache: BlobCache;
  /** Where large outputs are collected; made for the first of them. */
  readonly spoolDir: () => string;
  /** Id of this node. */
  readonly node: string;
  /** Id of the fog the results are for. */
  readonly fogId: () => string;
  /** Account this node belongs to. */
  readonly nodeOwner: () => string;
  readonly nowMs: () => number;
  readonly enter: (lease: HeldLease, phase: Phase) => void;
}

export interface EndedTask extends EncodedResult {
  /** What the result names and does not carry. */
  readonly uploads: readonly SpooledUpload[];
  /** Removes what the result needs on disk. */
  readonly dispose: () => void;
}

/** Never throws: whatever goes wrong here is the fog's failure and a result of its own. */
export async function runTask(
  lease: HeldLease,
  live: LiveOutput,
  deps: TaskDeps,
): Promise<EndedTask> {
  deps.enter(lease, 'staging');
  const { fogId, node, runtime } = deps;
  let staged: StagedTask;
  let spec: JobSpec | undefined;
  const context = (): ResultContext => ({
    fogId: fogId(),
    node,
    lease,
    spec,
    runtimeVersion: spec === undefined ? undefined : runtime.versions?.[spec.runtime],
  });
  const failed = (code: FailureCode, message?: string, dispose = (): void => {}): EndedTask => {
    const clipped = message === undefined ? undefined : clipMessage(message);
    const encoded = encodeResult(context(), failedOutcome(code, clipped));
    return { ...encoded, uploads: [], dispose };
  };
  try {
    spec = await deps.specs.get(lease.job, lease.owner, lease.abort.signal);
    const refusal = refuseWork(lease, spec, runtime, deps.nodeOwner());
    if (refusal !== undefined) return failed('NODE_REFUSED', refusal);
    staged = await stageTask(lease, spec, deps.cache);
  } catch (error) {
    return failed('STAGING', `the job's data could not be fetched: ${errorMessage(error)}`);
  }
  const output = new TaskOutput(deps.spoolDir(), lease.token);
  const dispose = (): void => output.discard();
  try {
    const end = await runStaged(lease, { staged, output, live }, deps);
    output.end();
    if (output.problem !== undefined) {
      return failed('UPLOAD', `outputs could not be kept: ${output.problem}`, dispose);
    }
    if (lease.abort.signal.aborted) return failed('CANCELLED', undefined, dispose);
    const encoded = encodeRun(context(), end, output);
    return { ...encoded, uploads: output.uploads(), dispose };
  } catch (error) {
    return failed('UPLOAD', `outputs could not be kept: ${errorMessage(error)}`, dispose);
  }
}

interface Run {
  readonly staged: StagedTask;
  readonly output: TaskOutput;
  readonly live: LiveOutput;
}

async function runStaged(lease: HeldLease, run: Run, deps: TaskDeps): Promise<RunEnd> {
  const { staged, output, live } = run;
  const diskFailed = new AbortController();
  const keep = (kept: boolean): void => {
    if (!kept) diskFailed.abort();
  };
  const sink: RunSink = {
    running: () => deps.enter(lease, 'running'),
    output: (stream, chunk) => {
      // The runtime may use its buffer again.
      const copy = new Uint8Array(chunk);
      keep(output.stream(stream, copy));
      live.add(stream, copy, deps.nowMs());
    },
    file: (name, chunk) => keep(output.file(name, new Uint8Array(chunk))),
  };
  const signal = AbortSignal.any([lease.abort.signal, diskFailed.signal]);
  try {
    return await deps.runtime.run(staged.request, sink, signal);
  } catch (error) {
    const { exitCode, failure, usage } = failedOutcome('SANDBOX_LOST', clipped(error));
    return { exitCode, usage, ...(failure === undefined ? {} : { failure }) };
  } finally {
    staged.release();
  }
}

function clipped(error: unknown): string {
  return clipMessage(`the sandbox could not be used: ${errorMessage(error)}`);
}
