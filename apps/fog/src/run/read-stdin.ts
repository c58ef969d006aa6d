import { formatSize } from '@fog/kernel';
import { MAX_BLOB_BYTES } from '@fog/wire';
import { fail } from '../errors.ts';
import { type Host, say } from '../process/host.ts';

/** A pipe that is silent for this long was perhaps not meant as the program's input. */
const WAITING_NOTICE_MS = 3_000;

/**
 * What is piped into fog, for the program; undefined when there is none or it is empty. Reads the first
 * chunk before it answers, so that an empty pipe sends nothing.
 */
export async function openStdin(host: Host): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (host.stdin.kind === 'terminal' || host.stdin.kind === 'none') return undefined;
  const source = host.stdin.read()[Symbol.asyncIterator]();
  const stopNotice = host.clock.after(WAITING_NOTICE_MS, () => {
    void say(
      host,
      'waiting for stdin to end, it goes to the program. To run without: fog run … </dev/null',
    );
  });
  try {
    const first = await Promise.race([source.next(), aborted(host.interrupts.asked)]);
    if (first.done === true) return undefined;
    return bounded(first.value, source);
  } finally {
    stopNotice();
  }
}

async function* bounded(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for (
    let chunk: IteratorResult<Uint8Array> = { value: first };
    chunk.done !== true;
    chunk = await rest.next()
  ) {
    sizeBytes += chunk.value.length;
    if (sizeBytes > MAX_BLOB_BYTES) {
      throw fail('FOG_INPUT', {
        message: `stdin is larger than ${formatSize(MAX_BLOB_BYTES)}. Give it as files with --input.`,
      });
    }
    yield chunk.value;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** All of stdin as bytes, at most `maxBytes`. */
export async function readWholeStdin(host: Host, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const source = host.stdin.kind === 'terminal' ? host.stdin.read() : await openStdin(host);
  for await (const chunk of source ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw fail('FOG_INPUT', { message: `stdin is larger than ${formatSize(maxBytes)}.` });
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
