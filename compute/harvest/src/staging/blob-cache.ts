/** Job data on this machine's disk: content-addressed, checked, least recently used out first. */
import { createReadStream, unlinkSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createSha256 } from '@fog/crypto';
import { errorMessage, type Logger } from '@fog/kernel';
import { ContentId } from '@fog/wire';
import { fail } from '../errors.ts';

export interface CachedBlob {
  readonly hostPath: string;
  /** The file may be evicted afterwards. */
  release(): void;
}

export interface BlobCacheOptions {
  readonly dir: string;
  readonly maxBytes: number;
}

export interface BlobCacheDeps {
  /** Writes the checked blob to `file` and returns its size. */
  readonly download: (content: string, file: string, signal: AbortSignal) => Promise<number>;
  readonly logger: Logger;
}

interface Entry {
  readonly sizeBytes: number;
  users: number;
}

/** One download or check that any number of tasks wait for. */
interface Flight {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  waiters: number;
}

export class BlobCache {
  readonly #options: BlobCacheOptions;
  readonly #deps: BlobCacheDeps;
  /** Checked blobs, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  /** Found at start, with the sizes they had then; checked before their first use. */
  readonly #unchecked = new Map<string, number>();
  readonly #flights = new Map<string, Flight>();
  #sizeBytes = 0;
  #parts = 0;

  constructor(options: BlobCacheOptions, deps: BlobCacheDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Takes over what an earlier run left and removes its half-written files. */
  async open(): Promise<void> {
    const { dir } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(dir)) {
      const file = path.join(dir, name);
      if (!ContentId.safeParse(name).success) {
        await rm(file, { recursive: true, force: true });
        continue;
      }
      const { size } = await stat(file);
      this.#unchecked.set(name, size);
      this.#sizeBytes += size;
    }
    this.#evict();
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The blob as a file of this machine, fetched when it is not there. */
  async acquire(content: string, signal: AbortSignal): Promise<CachedBlob> {
    for (;;) {
      const entry = this.#entries.get(content);
      if (entry !== undefined) return this.#use(content, entry);
      await this.#join(content, signal);
    }
  }

  #use(content: string, entry: Entry): CachedBlob {
    entry.users += 1;
    this.#entries.delete(content);
    this.#entries.set(content, entry);
    let released = false;
    return {
      hostPath: path.join(this.#options.dir, content),
      release: () => {
        if (released) return;
        released = true;
        entry.users -= 1;
        this.#evict();
      },
    };
  }

  async #join(content: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw fail('AGENT_STOPPED', { cause: signal.reason });
    const flight = this.#flights.get(content) ?? this.#takeOff(content);
    flight.waiters += 1;
    const { promise, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(fail('AGENT_STOPPED', { cause: signal.reason }));
    signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([flight.done, promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      flight.waiters -= 1;
      if (flight.waiters === 0) this.#abandon(content, flight);
    }
  }

  /** Out of the map at once: who comes next starts anew instead of joining an aborted flight. */
  #abandon(content: string, flight: Flight): void {
    if (this.#flights.get(content) === flight) this.#flights.delete(content);
    flight.abort.abort();
  }

  #takeOff(content: string): Flight {
    const abort = new AbortController();
    const flight = { done: this.#bring(content, abort.signal), abort, waiters: 0 };
    this.#flights.set(content, flight);
    return flight;
  }

  async #bring(content: string, signal: AbortSignal): Promise<void> {
    const file = path.join(this.#options.dir, content);
    const found = this.#unchecked.get(content);
    if (found !== undefined) {
      this.#unchecked.delete(content);
      this.#sizeBytes -= found;
      if ((await fileHash(file, signal)) === content) return this.#insert(content, found);
      await rm(file, { force: true });
    }
    this.#parts += 1;
    const temporary = `${file}.${this.#parts}.part`;
    try {
      const sizeBytes = await this.#deps.download(content, temporary, signal);
      await rename(temporary, file);
      this.#insert(content, sizeBytes);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #insert(content: string, sizeBytes: number): void {
    this.#entries.set(content, { sizeBytes, users: 0 });
    this.#sizeBytes += sizeBytes;
    this.#evict(content);
  }

  /** Files in use stay, so the bound may be passed by what running tasks need. */
  #evict(keep?: string): void {
    const { maxBytes } = this.#options;
    for (const [content, sizeBytes] of this.#unchecked) {
      if (this.#sizeBytes <= maxBytes) return;
      this.#unchecked.delete(content);
      this.#remove(content, sizeBytes);
    }
    for (const [content, entry] of this.#entries) {
      if (this.#sizeBytes <= maxBytes) return;
      if (entry.users > 0 || content === keep) continue;
      this.#entries.delete(content);
      this.#remove(content, entry.sizeBytes);
    }
  }

  /** Synchronous, so that a later download of the same content cannot lose its new file. */
  #remove(content: string, sizeBytes: number): void {
    this.#sizeBytes -= sizeBytes;
    try {
      unlinkSync(path.join(this.#options.dir, content));
    } catch (error) {
      this.#deps.logger.warn('a cached file could not be removed', { error: errorMessage(error) });
    }
  }
}

async function fileHash(file: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = createSha256();
  try {
    await pipeline(createReadStream(file), hash, { signal });
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
