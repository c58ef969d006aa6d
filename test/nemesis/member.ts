/** One `fog` process of the fleet, in its own place and data directory, and what can be done to it. */
import { rm, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Child } from '@fog/testkit';
import type { Place } from './site.ts';

export interface MemberOptions {
  readonly name: string;
  readonly place: Place;
  readonly dataDir: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of files in hooks/ that it starts with. */
  readonly hooks: readonly string[];
  /** It is ready when it has printed this. */
  readonly ready: RegExp;
}

const FOG = path.join(import.meta.dirname, '../../apps/fog/bin/fog.js');
const READY_MS = 120_000;
const MAX_STARTS = 20;
const BLOCK = Buffer.alloc(256 * 1024, 1);

export interface Frozen {
  readonly fromMs: number;
  readonly toMs: number;
}

export class Member {
  readonly name: string;
  readonly place: Place;
  /** When it stood still, by the harness's clock. */
  readonly frozen: Frozen[] = [];
  readonly #options: MemberOptions;
  #child: Child | undefined;
  #frozenSinceMs: number | undefined;

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.place = options.place;
    this.#options = options;
  }

  /** Resolves with what `ready` found. */
  async start(): Promise<RegExpExecArray> {
    const { place, args, env, hooks, dataDir, ready } = this.#options;
    const imports = hooks.map((name) => `--import=${pathToFileURL(hookFile(name)).href}`);
    const [command = '', ...rest] = [...place.prefix, process.execPath, ...imports, FOG, ...args];
    this.#child = new Child({
      command,
      args: [...rest, '--data-dir', dataDir],
      env: { ...env, FOG_NEMESIS_CLOCK: this.#clockFile },
    });
    return this.#child.output(ready, READY_MS);
  }

  /** As a supervisor would: what does not start, because what it needs is away, is started again. */
  async startAgain(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.start();
        return;
      } catch (error) {
        if (tries >= MAX_STARTS) throw error;
        await this.#child?.[Symbol.asyncDispose]();
      }
    }
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
    await this.#child?.gone();
  }

  /** Its processes stand still, as those of a laptop that sleeps. */
  freeze(): void {
    this.#frozenSinceMs = Date.now();
    this.#child?.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#child?.signalAll('SIGCONT');
    if (this.#frozenSinceMs === undefined) return;
    this.frozen.push({ fromMs: this.#frozenSinceMs, toMs: Date.now() });
    this.#frozenSinceMs = undefined;
  }

  async setClock(offsetMs: number): Promise<void> {
    await writeFile(this.#clockFile, String(offsetMs));
  }

  async fillDisk(): Promise<void> {
    const handle = await open(this.#fat, 'w');
    try {
      for (;;) await handle.write(BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await handle.close();
    }
  }

  async freeDisk(): Promise<void> {
    await rm(this.#fat, { force: true });
  }

  get running(): boolean {
    return this.#child?.running === true;
  }

  describe(): string {
    return `── ${this.name}\n${this.#child?.describe() ?? 'not started'}`;
  }

  /** In good order if it can; gone in any case. */
  async end(): Promise<void> {
    if (this.running) await this.#child?.stop().catch(() => {});
    await this.#child?.[Symbol.asyncDispose]();
  }

  get #clockFile(): string {
    return `${this.#options.dataDir}.clock`;
  }

  get #fat(): string {
    return path.join(this.#options.dataDir, 'fat');
  }
}

function hookFile(name: string): string {
  return path.join(import.meta.dirname, 'hooks', `${name}.ts`);
}
