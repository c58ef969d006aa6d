/** A real process under test: its output as text, its end as a promise, and no trace after it. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { descendants, isAlive, type ProcessRef, signalProcess } from './process-tree.ts';
import { waitFor, within } from './wait-for.ts';

export interface ChildOptions {
  readonly args: readonly string[];
  readonly command?: string;
  readonly cwd?: string;
  /** The whole environment but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written at once, then closed; `true` leaves it open for the test; without it stdin is /dev/null. */
  readonly stdin?: string | Uint8Array | true;
}

export interface Ended {
  /** The exit code, or 128 + the number of the signal. */
  readonly code: number;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
const STOP_DEADLINE_MS = 20_000;
const ORPHAN_DEADLINE_MS = 10_000;
/** More output than any test needs; what is over it is dropped from the front. */
const KEPT_CHARS = 64 * 1024 * 1024;

export class Child implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly #exited: Promise<unknown>;
  readonly #ended: Promise<Ended>;
  readonly #label: string;
  readonly #family = new Map<number, ProcessRef>();
  #stdout = '';
  #stderr = '';
  #over = false;

  constructor(options: ChildOptions) {
    const { PATH = '', HOME = '/' } = process.env;
    this.#label = options.args.join(' ');
    this.#process = spawn(options.command ?? process.execPath, options.args, {
      cwd: options.cwd,
      env: { PATH, HOME, ...options.env },
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      // Its own session: Ctrl-C of the test runner does not reach it, and its family can be told.
      detached: true,
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    if (options.stdin !== undefined && options.stdin !== true) {
      this.#process.stdin?.on('error', () => {});
      this.#process.stdin?.end(options.stdin);
    }
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-KEPT_CHARS);
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_CHARS);
    });
    this.#exited = once(this.#process, 'exit').then(() => (this.#over = true));
    this.#ended = this.#watchEnd();
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.#label} did not start`);
    return this.#process.pid;
  }

  get stdin(): Writable | null {
    return this.#process.stdin;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return !this.#over;
  }

  /** Settles at the end of the process and of its output. */
  ended(deadlineMs = 60_000): Promise<Ended> {
    return within(`${this.#label} to end\n${this.describe()}`, this.#ended, deadlineMs);
  }

  /** Waits for a line or part of one; an end before it is an error that shows the output. */
  async output(pattern: RegExp, deadlineMs = 30_000): Promise<RegExpExecArray> {
    const found = await waitFor(
      `${this.#label}: ${pattern}`,
      () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr) ?? (this.#over && 'over'),
      { deadlineMs, describe: () => this.describe() },
    );
    if (found !== 'over') return found;
    // Its last words may still be in the pipe.
    await this.ended();
    const last = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
    if (last === null) throw new Error(`${this.#label} ended early\n${this.describe()}`);
    return last;
  }

  /** Its descendants now; remembered, so that `gone` finds them also as orphans. */
  family(): ProcessRef[] {
    const found = this.#over ? [] : descendants(this.pid);
    for (const each of found) this.#family.set(each.pid, each);
    return found;
  }

  signal(signal: NodeJS.Signals): void {
    this.family();
    this.#process.kill(signal);
  }

  /** To it and all its descendants; itself first, so that it does not see them change. */
  signalAll(signal: NodeJS.Signals): void {
    if (!this.running) return;
    const family = this.family();
    this.#process.kill(signal);
    for (const each of family) signalProcess(each, signal);
  }

  /** kill -9 of this process alone: what it leaves must go by itself. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM and the end in good order. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.ended(STOP_DEADLINE_MS);
  }

  /** Waits until none of its descendants is left, orphans included. */
  async gone(): Promise<void> {
    await this.#exited;
    const left = (): ProcessRef[] =>
      [...this.#family.values(), ...descendants(this.pid)].filter(isAlive);
    await waitFor(`${this.#label}: all of its processes to end`, () => left().length === 0, {
      deadlineMs: ORPHAN_DEADLINE_MS,
      describe: () =>
        left()
          .map(({ pid, command }) => `${pid} ${command}`)
          .join('\n'),
    });
  }

  describe(): string {
    const tail = (text: string): string => text.slice(-4000);
    return `── stdout\n${tail(this.#stdout)}\n── stderr\n${tail(this.#stderr)}`;
  }

  /** Leaves nothing behind, whatever the test did. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.family();
    if (!this.#over) this.#process.kill('SIGKILL');
    await this.#exited;
    for (const each of [...this.#family.values(), ...descendants(this.pid)]) {
      signalProcess(each, 'SIGKILL');
    }
    // Only now: an orphan may have held the pipes open.
    await this.#ended;
  }

  async #watchEnd(): Promise<Ended> {
    const [code, signal] = (await once(this.#process, 'close')) as [
      number | null,
      NodeJS.Signals | null,
    ];
    return {
      code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
      signal: signal ?? undefined,
      stdout: this.#stdout,
      stderr: this.#stderr,
    };
  }
}
