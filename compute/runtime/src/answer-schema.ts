import { z } from 'zod';
import { GuestPath } from '@fog/wire';
import {
  type AnswerFrame,
  GUEST_FAILURE_CODES,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  MAX_MESSAGE_CHARS,
} from './sandbox/protocol.ts';

/** Base64, decoded leniently: wrong characters only spoil the program's own bytes, and checking megabytes is slow. */
const Data = z.string();

/** What a sandbox process may say. It is untrusted: whatever does not fit here ends the process. */
export const AnswerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('running') }),
  z.strictObject({
    type: z.literal('output'),
    stream: z.enum(['stdout', 'stderr']),
    data: Data,
  }),
  z.strictObject({ type: z.literal('file'), path: GuestPath, data: Data }),
  z
    .strictObject({
      type: z.literal('end'),
      exitCode: z.int().min(0).max(255),
      failure: z
        .strictObject({
          code: z.enum(GUEST_FAILURE_CODES),
          message: z.string().max(MAX_MESSAGE_CHARS),
        })
        .optional(),
      cpuMs: z.number().nonnegative(),
      peakMemoryBytes: z.int().nonnegative(),
    })
    .refine((end) => (end.exitCode === 0) === (end.failure === undefined), 'exit code and failure'),
]);

/** Cuts the byte stream of a sandbox process into checked answers. */
export class AnswerDecoder {
  #pending: Buffer = Buffer.alloc(0);

  /** The complete answers of the stream so far, or why the stream is no longer believed. */
  push(chunk: Buffer): { answers: AnswerFrame[]; problem?: string } {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const answers: AnswerFrame[] = [];
    while (bytes.length >= HEADER_BYTES) {
      const sizeBytes = bytes.readUInt32BE(0);
      if (sizeBytes > MAX_FRAME_BYTES) return { answers, problem: 'a frame over the limit' };
      if (bytes.length < HEADER_BYTES + sizeBytes) break;
      const answer = answerOf(bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + sizeBytes));
      if (answer === undefined) return { answers, problem: 'a frame outside the protocol' };
      answers.push(answer);
      bytes = bytes.subarray(HEADER_BYTES + sizeBytes);
    }
    this.#pending = bytes;
    return { answers };
  }
}

function answerOf(json: string): AnswerFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = AnswerSchema.safeParse(value);
  // Zod types an absent key as possibly undefined; JSON has no undefined.
  return parsed.success ? (parsed.data as AnswerFrame) : undefined;
}
