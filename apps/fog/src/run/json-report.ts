import type { Job, OutputBytes, TaskOutcome } from '@fog/wire';
import type { Output } from '../process/output.ts';
import type { FogLink } from '../connect/fog-link.ts';
import { readOutput, type StreamOf } from './read-output.ts';

export interface JsonReport {
  add(result: TaskOutcome, files: readonly string[]): Promise<void>;
  end(job: Job, exitCode: number): Promise<void>;
}

/** Writes the one document of `fog run --json` as results come, so that no job is too large for it. */
export function createJsonReport(link: FogLink, id: string, stdout: Output): JsonReport {
  let opened = false;
  const separator = (): string => {
    const text = opened ? ',\n' : '{"results":[\n';
    opened = true;
    return text;
  };
  return {
    add: async (result, files) => {
      const { index, state, node, attempts, outcome } = result;
      const row = {
        index,
        state,
        node,
        attempts,
        exitCode: outcome.exitCode,
        failure: outcome.failure,
        ...(await textOf(link, { job: id, index, stream: 'stdout' }, outcome.stdout)),
        ...(await textOf(link, { job: id, index, stream: 'stderr' }, outcome.stderr)),
        files,
        usage: outcome.usage,
      };
      await stdout.write(`${separator()}${JSON.stringify(row)}`);
    },
    end: async (job, exitCode) => {
      const { spec: _, ...plain } = job as Job & { spec?: unknown };
      const rest = JSON.stringify({ job: plain, exitCode, failure: job.failure });
      const head = opened ? '' : '{"results":[';
      await stdout.write(`${head}\n],${rest.slice(1)}\n`);
    },
  };
}

/** `{stdout}`, and `{stdoutBase64}` beside it when the bytes are no UTF-8. */
async function textOf(
  link: FogLink,
  of: StreamOf,
  bytes: OutputBytes,
): Promise<Record<string, string>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of readOutput(link, of, bytes)) parts.push(chunk);
  const whole = Buffer.concat(parts);
  const text = whole.toString('utf8');
  const exact = Buffer.from(text, 'utf8').equals(whole);
  return {
    [of.stream]: text,
    ...(exact ? {} : { [`${of.stream}Base64`]: whole.toString('base64') }),
  };
}
