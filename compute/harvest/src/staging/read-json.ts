import type { IncomingMessage } from 'node:http';
import { fail } from '../errors.ts';

/** The whole body of an answer. Throws AGENT_TRANSFER_REFUSED over `maxBytes`, and what JSON.parse throws. */
export async function readJson(answer: IncomingMessage, maxBytes: number): Promise<unknown> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) {
      throw fail('AGENT_TRANSFER_REFUSED', { message: 'the answer is over its size limit' });
    }
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}
