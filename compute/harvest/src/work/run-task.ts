/** One task from its lease to its result: stage, run, upload. */
import { errorMessage } from '@fog/kernel';
import type { RunEnd, RunSink, Runtime } from '@fog/runtime';
import { failedOutcome, type FailureCode, type Phase } from '@fog/wire';
import type { LiveOutput } from '../output/live-output.ts';
import { clipMessage, encodeResult, encodeRun } from '../output/encode-result.ts';
import { TaskOutput } from '../output/task-output.ts';
import type { BlobCache } from '../staging/blob-cache.ts';
import type { JobSpecs } from '../staging/job-specs.ts';
import { stageTask, type StagedTask } from '../staging/stage-task.ts';
import type { Transfer } from '../staging/transfer.ts';
import type { HeldLease } from './lease-table.ts';
import { refuseWork } from './refuse-work.ts';

export interface TaskDeps {
  readonly runtime: Runtime;
  readonly specs: JobSpecs;
  readonly cache: BlobCache;
  readonly transfer: Transfer;
  readonly spoolDir: string;
  /** Account this node belongs to. */
  readonly nodeOwner: () => string;
  readonly nowMs: () => number;
  readonly enter: (lease: HeldLease, phase: Phase) => void;
}

export interface TaskResultJson {
  readonly json: string;
  /** Removes what the result needs on disk. */
  readonly dispose: () => void;
}

/** Never throws: whatever goes wrong here is the fog's failure and a result of its own. */
export async function runTask(
  lease: HeldLease,
  live: LiveOutput,
  deps: TaskDeps,
): Promise<TaskResultJson> {
  deps.enter(lease, 'staging');
  let staged: StagedTask;
  try {
    const spec = await deps.specs.get(lease.job, lease.owner, lease.abort.signal);
    const refusal = refuseWork(lease, spec, deps.runtime, deps.nodeOwner());
    if (refusal !== undefined) return failed(lease, 'NODE_REFUSED', refusal);
    staged = await stageTask(lease, spec, deps.cache);
  } catch (error) {
    return failed(lease, 'STAGING', `the job's data could not be fetched: ${errorMessage(error)}`);
  }
  const output = new TaskOutput(deps.spoolDir, lease.token);
  const dispose = (): void => output.discard();
  try {
    const end = await runStaged(lease, { staged, output, live }, deps);
    output.end();
    if (output.problem !== undefined) {
      return failed(lease, 'UPLOAD', `outputs could not be kept: ${output.problem}`, dispose);
    }
    if (lease.abort.signal.aborted) return failed(lease, 'CANCELLED', undefined, dispose);
    deps.enter(lease, 'uploading');
    const json = await encodeRun(lease.token, end, output, (body) =>
      deps.transfer.upload(lease.token, body, lease.abort.signal),
    );
    return { json, dispose };
  } catch (error) {
    const message = `outputs could not be uploaded: ${errorMessage(error)}`;
    return failed(lease, 'UPLOAD', message, dispose);
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

function failed(
  lease: HeldLease,
  code: FailureCode,
  message?: string,
  dispose: () => void = () => {},
): TaskResultJson {
  const outcome = failedOutcome(code, message === undefined ? undefined : clipMessage(message));
  return { json: encodeResult(lease.token, outcome), dispose };
}
