import { type Admitted, admitModule } from '../guest/admission.ts';
import { MalformedModule } from '../guest/binary-reader.ts';
import { type Program, runProgram } from '../guest/run-program.ts';
import { instrumentModule, watchGrowth } from '../guest/strict/instrument.ts';
import { LogicalWorld } from '../guest/strict/logical-world.ts';
import { type WasiDeps, WasiHost } from '../guest/wasi/wasi-host.ts';
import { webAssembly } from '../guest/web-assembly.ts';
import type { Guest, GuestEnd, GuestIo, GuestModule, GuestTask } from './guest.ts';
import type { GuestFailure } from './protocol.ts';

/** Files, directories and links of one guest: about 1 KB of host memory each. */
const MAX_INODES = 65_536;

/** Memory of ended programs that may wait for collection: it counts against the next program's limit. */
const MAX_GARBAGE_BYTES = 64 * 2 ** 20;
/** Ended programs that may wait: each keeps a guard region of 8 GiB reserved, and the address space is limited. */
const MAX_GARBAGE_RUNS = 128;

/** crypto.getRandomValues fills at most this much at once. */
const RANDOM_CHUNK_BYTES = 65_536;

/** The wasm runtime of a sandbox process: compiled modules stay, instances do not. */
export class WasmGuest implements Guest {
  readonly #programs = new Map<string, Program>();
  readonly #host = this.#makeHost({ realtimeNs, monotonicNs, fillRandom, waitMs });
  readonly #world = new LogicalWorld();
  readonly #strictHost = this.#makeHost({
    realtimeNs: () => this.#world.realtimeNs(),
    monotonicNs: () => this.#world.monotonicNs(),
    fillRandom: (bytes) => this.#world.fillRandom(bytes),
    waitMs: (durationMs) => this.#world.waitMs(durationMs),
  });
  #io: GuestIo | undefined;
  #garbageBytes = 0;
  #garbageRuns = 0;

  load({ id, name, memoryBytes, isStrict, bytes }: GuestModule): GuestFailure | undefined {
    const admission = admitModule(bytes, name, memoryBytes);
    if (!admission.admitted) return { code: admission.code, message: admission.message };
    const { maxPages } = admission;
    try {
      const module = new webAssembly.Module(finalBytes(admission, isStrict));
      this.#programs.set(id, { module, name, maxPages, isStrict });
      return undefined;
    } catch (error) {
      return compileFailure(error, name);
    }
  }

  forget(id: string): void {
    this.#programs.delete(id);
  }

  run(task: GuestTask, io: GuestIo): GuestEnd {
    const program = this.#programs.get(task.id);
    if (program === undefined) throw new Error('the agent asked for a module it did not load');
    this.#io = io;
    if (task.isStrict) this.#world.begin(task.seed);
    const end = runProgram(
      program,
      {
        args: [task.name, ...task.args],
        env: task.env,
        stdin: task.stdin,
        inputs: task.inputs,
        outputs: task.outputs,
        quota: { maxBytes: task.limits.diskBytes, maxInodes: MAX_INODES },
        fuelLimit: task.limits.fuel,
      },
      task.isStrict ? this.#strictHost : this.#host,
      io,
    );
    this.#garbageBytes += end.peakMemoryBytes;
    this.#garbageRuns += 1;
    return end;
  }

  #makeHost(
    world: Pick<WasiDeps, 'realtimeNs' | 'monotonicNs' | 'fillRandom' | 'waitMs'>,
  ): WasiHost {
    return new WasiHost({
      output: (stream, bytes) => this.#io?.output(stream, bytes),
      idle: () => this.#io?.flush(),
      ...world,
    });
  }

  rest(): void {
    if (this.#garbageBytes < MAX_GARBAGE_BYTES && this.#garbageRuns < MAX_GARBAGE_RUNS) return;
    this.#garbageBytes = 0;
    this.#garbageRuns = 0;
    globalThis.gc?.();
  }
}

/** What is compiled. A module that is not valid stays as it is: compiling it says what is wrong with it. */
function finalBytes(admission: Admitted, isStrict: boolean): Uint8Array<ArrayBuffer> {
  const { bytes, maxPages, growths } = admission;
  if ((!isStrict && growths.length === 0) || !webAssembly.validate(bytes)) return bytes;
  return isStrict ? instrumentModule(bytes, maxPages) : watchGrowth(bytes, growths);
}

function compileFailure(error: unknown, name: string): GuestFailure {
  // Valid to the engine and yet not understood here: nobody could say that two runs of it are the same.
  if (error instanceof MalformedModule) {
    return { code: 'REFUSED', message: `${name} cannot be made strict: ${error.message}` };
  }
  if (error instanceof webAssembly.CompileError || error instanceof RangeError) {
    const cause = error.message.replace(/^WebAssembly\.Module\(\): /, '');
    return {
      code: 'BAD_MODULE',
      message: `${name} is not a valid WebAssembly module: ${cause}`.slice(0, 1000),
    };
  }
  throw error;
}

function realtimeNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function monotonicNs(): bigint {
  return BigInt(Math.round(performance.now() * 1000)) * 1000n;
}

function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  for (let start = 0; start < bytes.length; start += RANDOM_CHUNK_BYTES) {
    crypto.getRandomValues(bytes.subarray(start, start + RANDOM_CHUNK_BYTES));
  }
}

const waitCell = new Int32Array(new SharedArrayBuffer(4));

function waitMs(durationMs: number): void {
  Atomics.wait(waitCell, 0, 0, durationMs);
}
