/** Uploads the relay's descriptor, again until a threshold of authorities took it, and anew when it changes. */
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import type { Directory } from '../ports.ts';
import { PUBLISH_RETRY_MAX_MS, PUBLISH_RETRY_MS, PUBLISH_TIMEOUT_MS } from './limits.ts';

export interface Publication {
  readonly epoch: number;
  readonly revision: number;
  readonly bytes: Uint8Array;
}

export interface PublisherDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: Pick<Directory, 'publish'>;
  /** The descriptor of now, with a revision of its own. */
  readonly build: () => Promise<Publication>;
}

export class Publisher {
  readonly #deps: PublisherDeps;
  #published: { readonly epoch: number; readonly revision: number } | undefined;
  #wanted = false;
  #busy: Promise<void> | undefined;
  #stopped = false;
  #abort = new AbortController();

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  get published(): { readonly epoch: number; readonly revision: number } | undefined {
    return this.#published;
  }

  /** Soon; what is asked for while one is under way is published after it. */
  publish(): void {
    if (this.#stopped) return;
    this.#wanted = true;
    this.#busy ??= this.#run().finally(() => {
      this.#busy = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort.abort();
    await this.#busy;
  }

  async #run(): Promise<void> {
    let waitMs = PUBLISH_RETRY_MS;
    while (this.#wanted && !this.#stopped) {
      this.#wanted = false;
      if (await this.#once()) {
        waitMs = PUBLISH_RETRY_MS;
        continue;
      }
      this.#wanted = true;
      await this.#pause(waitMs);
      waitMs = Math.min(waitMs * 2, PUBLISH_RETRY_MAX_MS);
    }
  }

  async #once(): Promise<boolean> {
    const { clock, logger, directory, build } = this.#deps;
    const late = new AbortController();
    const stopWaiting = clock.after(PUBLISH_TIMEOUT_MS, () => late.abort());
    try {
      const { epoch, revision, bytes } = await build();
      await directory.publish(bytes, AbortSignal.any([this.#abort.signal, late.signal]));
      this.#published = { epoch, revision };
      return true;
    } catch (error) {
      if (!this.#stopped) logger.warn('descriptor not published', { error: errorMessage(error) });
      return false;
    } finally {
      stopWaiting();
    }
  }

  async #pause(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const { signal } = this.#abort;
      const end = (): void => {
        stopWaiting();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const stopWaiting = this.#deps.clock.after(waitMs, end);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}
