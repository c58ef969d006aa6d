import { FAILURES, failedOutcome, Outcome } from '@fog/wire';
import type { RunEnd } from '@fog/runtime';
import { MAX_MESSAGE_CHARS, MAX_RESULT_BYTES } from '../limits.ts';
import type { TaskOutput, TaskOutputs, UploadPart } from './task-output.ts';

/** The result of a run as JSON that fits a frame; uploads as much of the output as that needs. */
export async function encodeRun(
  token: number,
  end: RunEnd,
  output: TaskOutput,
  upload: UploadPart,
): Promise<string> {
  await output.uploadLarge(upload);
  for (;;) {
    const text = encodeResult(token, outcomeOf(end, output.describe()));
    if (Buffer.byteLength(text) <= MAX_RESULT_BYTES) return text;
    if (!(await output.uploadOneMore(upload))) return encodeResult(token, tooManyNames());
  }
}

/**
 * Also guards the session: a result against the schema would be refused, sent again after the
 * reconnect, and refused again.
 */
export function encodeResult(token: number, outcome: Outcome): string {
  const checked = Outcome.safeParse(outcome);
  const sent = checked.success
    ? checked.data
    : failedOutcome('SANDBOX_LOST', 'the sandbox reported an end that makes no sense');
  return JSON.stringify({ token, outcome: sent });
}

export function clipMessage(message: string): string {
  return message.slice(0, MAX_MESSAGE_CHARS);
}

function outcomeOf(end: RunEnd, outputs: TaskOutputs): Outcome {
  const { exitCode, failure, usage } = end;
  return {
    exitCode,
    ...(failure === undefined ? {} : { failure }),
    ...outputs,
    usage: { ...usage, peakMemoryBytes: Math.round(usage.peakMemoryBytes) },
  };
}

function tooManyNames(): Outcome {
  const { text } = FAILURES.OUTPUT_LIMIT;
  return failedOutcome(
    'OUTPUT_LIMIT',
    `${text}: the names of the output files alone are over 256 KiB; let the program pack them into one archive`,
  );
}
