import type { Guest, GuestTask } from './guest.ts';
import {
  fromBase64,
  type GuestFailure,
  type ModuleFrame,
  type RequestFrame,
  type RunFrame,
} from './protocol.ts';

type StagingFrame = Exclude<RequestFrame, RunFrame>;

/** Bytes that arrive in chunks, allocated once. */
interface Arriving {
  readonly bytes: Uint8Array<ArrayBuffer>;
  arrivedBytes: number;
}

/** Gathers what the agent sends ahead of a run. */
export class Staging {
  readonly #guest: Guest;
  readonly #failures = new Map<string, GuestFailure>();
  #module: Arriving | undefined;
  #stdin: Arriving | undefined;
  #inputs = new Map<string, Arriving>();
  #args: string[] = [];
  #env: Record<string, string> = {};

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  accept(frame: StagingFrame): void | Promise<void> {
    switch (frame.type) {
      case 'module':
        return this.#acceptModule(frame);
      case 'forget':
        this.#failures.delete(frame.id);
        return this.#guest.forget(frame.id);
      case 'stdin':
        this.#stdin = arrive(this.#stdin, frame);
        return undefined;
      case 'input':
        this.#inputs.set(frame.path, arrive(this.#inputs.get(frame.path), frame));
        return undefined;
      case 'args':
        this.#args.push(...frame.args);
        return undefined;
      case 'env':
        Object.assign(this.#env, frame.env);
        return undefined;
      default:
        throw new TypeError('unknown request frame');
    }
  }

  /** Why the module cannot run, if it cannot. */
  failureOf(id: string): GuestFailure | undefined {
    return this.#failures.get(id);
  }

  /** The task of a `run` frame with what was staged for it; staging is empty afterwards. */
  task(frame: RunFrame): GuestTask {
    const inputs = new Map<string, Uint8Array>();
    for (const [path, { bytes }] of this.#inputs) inputs.set(path, bytes);
    const task: GuestTask = {
      id: frame.id,
      name: frame.name,
      args: this.#args.length === 0 ? frame.args : [...this.#args, ...frame.args],
      env: { ...this.#env, ...frame.env },
      seed: frame.seed,
      isStrict: frame.isStrict,
      memoryBytes: frame.memoryBytes,
      stdin: this.#stdin?.bytes ?? new Uint8Array(),
      inputs,
      outputs: frame.outputs,
      limits: frame.limits,
    };
    this.reset();
    return task;
  }

  reset(): void {
    this.#stdin = undefined;
    this.#inputs = new Map();
    this.#args = [];
    this.#env = {};
  }

  #acceptModule(frame: ModuleFrame): void | Promise<void> {
    this.#module = arrive(this.#module, frame);
    if (this.#module.arrivedBytes < frame.sizeBytes) return undefined;
    const { bytes } = this.#module;
    this.#module = undefined;
    const { id, name, memoryBytes, isStrict } = frame;
    const loaded = this.#guest.load({ id, name, memoryBytes, isStrict, bytes });
    const keep = (failure: GuestFailure | undefined): void => {
      if (failure !== undefined) this.#failures.set(id, failure);
    };
    return loaded instanceof Promise ? loaded.then(keep) : keep(loaded);
  }
}

function arrive(
  begun: Arriving | undefined,
  frame: { readonly sizeBytes: number; readonly data: string },
): Arriving {
  const arriving = begun ?? { bytes: new Uint8Array(frame.sizeBytes), arrivedBytes: 0 };
  const chunk = fromBase64(frame.data);
  arriving.bytes.set(chunk, arriving.arrivedBytes);
  arriving.arrivedBytes += chunk.length;
  return arriving;
}
