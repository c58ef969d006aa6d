import type { OutputBytes } from '@fog/wire';
import { type FogLink, isPassing } from '../connect/fog-link.ts';

export interface StreamOf {
  readonly job: string;
  readonly index: number;
  readonly stream: 'stdout' | 'stderr';
}

/** A stored stream from `offset` to its end; goes on where it was when the connection breaks. */
export async function* readOutput(
  link: FogLink,
  of: StreamOf,
  bytes: OutputBytes,
  offset = 0,
): AsyncGenerator<Uint8Array> {
  if (offset >= bytes.sizeBytes) return;
  if (bytes.data !== undefined) {
    yield Buffer.from(bytes.data, 'base64').subarray(offset);
    return;
  }
  const open = (start: number) => (client: ReturnType<FogLink['client']>) =>
    client.readStream(of.job, of.index, of.stream, { offset: start });
  yield* resuming(link, open, { at: offset, end: bytes.sizeBytes });
}

type OpenAt = (
  start: number,
) => (client: ReturnType<FogLink['client']>) => Promise<AsyncIterable<Uint8Array>>;

async function* resuming(
  link: FogLink,
  open: OpenAt,
  range: { at: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  while (range.at < range.end) {
    // The first chunk is part of the call that may be repeated; a break after it starts a new call.
    const opened = await link.call(async (client) => {
      const iterator = (await open(range.at)(client))[Symbol.asyncIterator]();
      return { iterator, first: await iterator.next() };
    });
    if (opened.first.done === true) return;
    range.at += opened.first.value.length;
    yield opened.first.value;
    for await (const chunk of untilBroken(opened.iterator)) {
      range.at += chunk.length;
      yield chunk;
    }
  }
}

async function* untilBroken(iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        if (isPassing(error)) return { done: true as const, value: undefined };
        throw error;
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
