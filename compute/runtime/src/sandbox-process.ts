import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { AnswerDecoder } from './answer-schema.ts';
import { innermostChild, type ProcessSample, sampleProcess } from './process-sample.ts';
import { type AnswerFrame, encodeFrame, type RequestFrame } from './sandbox/protocol.ts';

/** What is kept of a process's descriptor 2: enough for V8's last words. */
const MAX_LAST_WORDS = 4096;

/** Receives what a process does while it belongs to someone. */
export interface ProcessListener {
  answer(frame: AnswerFrame): void;
  /** The process is gone; nothing follows. */
  gone(): void;
}

/**
 * One sandbox process as the agent sees it. It believes nothing: an answer outside the protocol, or one nobody
 * waits for, kills the process.
 */
export class SandboxProcess {
  readonly #child: ChildProcess;
  readonly #decoder = new AnswerDecoder();
  readonly #exited: Promise<void>;
  #listener: ProcessListener | undefined;
  #lastWords = '';
  #isGone = false;
  #problem: string | undefined;
  #mainPid = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const gone = (): void => {
        if (this.#isGone) return;
        this.#isGone = true;
        resolve();
        this.#listener?.gone();
      };
      // `close` comes after the last bytes of the pipes; `error` alone when the program could not be started.
      child.once('close', gone);
      child.once('error', (error) => {
        this.#problem ??= error.message;
        if (child.pid === undefined) gone();
      });
    });
    // Writing to a process that just died is an error event of the pipe, and its death is reported anyway.
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('latin1')).slice(-MAX_LAST_WORDS);
    });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Why the agent ended it, when it did so for breaking the protocol or because it could not start. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The end of what it wrote to descriptor 2. Untrusted. */
  get lastWords(): string {
    return this.#lastWords;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  listen(listener: ProcessListener | undefined): void {
    this.#listener = listener;
    if (this.#isGone) listener?.gone();
  }

  send(frame: RequestFrame): void {
    if (!this.#isGone) this.#child.stdin?.write(encodeFrame(frame));
  }

  /** Settles when the process has read most of what was sent, or is gone. */
  async drained(): Promise<void> {
    const stdin = this.#child.stdin;
    if (this.#isGone || stdin === null || !stdin.writableNeedDrain) return;
    await Promise.race([once(stdin, 'drain').catch(() => {}), this.#exited]);
  }

  /** Memory and processor time of the program's process; undefined where the system does not tell. */
  sample(): ProcessSample | undefined {
    const pid = this.#child.pid;
    if (pid === undefined || this.#isGone) return undefined;
    if (this.#mainPid === 0) this.#mainPid = innermostChild(pid);
    return sampleProcess(this.#mainPid);
  }

  /** Ends the process and everything it may have started; settles when it is gone. */
  async kill(): Promise<void> {
    const pid = this.#child.pid;
    if (pid !== undefined && !this.#isGone) {
      try {
        // The group: at level `process` it holds children of the program, at level `os` the kernel ends them.
        process.kill(-pid, 'SIGKILL');
      } catch {
        this.#child.kill('SIGKILL');
      }
    }
    await this.#exited;
  }

  #receive(chunk: Buffer): void {
    if (this.#problem !== undefined) return;
    const { answers, problem } = this.#decoder.push(chunk);
    for (const answer of answers) {
      if (this.#problem !== undefined) return;
      if (this.#listener === undefined) this.distrust(`an unasked ${answer.type} frame`);
      else this.#listener.answer(answer);
    }
    if (problem !== undefined) this.distrust(problem);
  }

  /** The process broke the protocol: it is ended, whatever it says from now on. */
  distrust(problem: string): void {
    if (this.#problem !== undefined) return;
    this.#problem = problem;
    this.kill().catch(() => {});
  }
}
