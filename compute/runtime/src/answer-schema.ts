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
      fuel: z.int().nonnegative().optional(),
    })
    .refine((end) => (end.exitCode === 0) === (end.failure === undefined), 'exit code and failure'),
]);

/** Cuts the byte stream of a sandbox process into checked answers. */
export class AnswerDecoder {
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #neededBytes = HEADER_BYTES;

  /** The complete answers of the stream so far, or why the stream is no longer believed. */
  push(chunk: Buffer): { answers: AnswerFrame[]; problem?: string } {
    const answers: AnswerFrame[] = [];
    this.#parts.push(chunk);
    this.#sizeBytes += chunk.length;
    // A large frame comes in many chunks: they are joined once, when it is whole.
    while (this.#sizeBytes >= this.#neededBytes) {
      const bytes = this.#joined();
      const end = HEADER_BYTES + bytes.readUInt32BE(0);
      if (end > HEADER_BYTES + MAX_FRAME_BYTES) {
        return { answers, problem: 'a frame over the limit' };
      }
      this.#neededBytes = end;
      if (bytes.length < end) break;
      const answer = answerOf(bytes.toString('utf8', HEADER_BYTES, end));
      if (answer === undefined) return { answers, problem: 'a frame outside the protocol' };
      answers.push(answer);
      this.#parts = [bytes.subarray(end)];
      this.#sizeBytes = bytes.length - end;
      this.#neededBytes = HEADER_BYTES;
    }
    return { answers };
  }

  #joined(): Buffer {
    const [only] = this.#parts;
    const bytes =
      only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts);
    this.#parts = [bytes];
    return bytes;
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
