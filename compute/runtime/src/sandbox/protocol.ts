/**
 * The pipe between the agent and one sandbox process: a 4-byte big-endian length, then that many bytes of
 * JSON. Requests come on the process's descriptor 0, answers leave on descriptor 1.
 * The agent is trusted by the sandbox; the sandbox is trusted by nobody: the agent checks each answer
 * against `answer-schema.ts` and kills the process at the first one that does not fit.
 * This file runs inside the sandbox: no imports but relative ones without dependencies.
 */

/** Largest JSON text of a frame; longer data is cut into chunks. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Raw bytes of one chunk: its base64 and the frame around it stay under MAX_FRAME_BYTES. */
export const MAX_CHUNK_BYTES = 512 * 1024;
/** Length of the frame header. */
export const HEADER_BYTES = 4;

/** Failures a sandbox may report; all are the user's. What is the fog's fault, the agent sees by itself. */
export const GUEST_FAILURE_CODES = [
  'EXIT_CODE',
  'TRAP',
  'CALL_DEPTH',
  'FUEL_LIMIT',
  'BAD_MODULE',
  'REFUSED',
  'MEMORY_LIMIT',
  'OUTPUT_LIMIT',
  'DISK_LIMIT',
] as const;
export type GuestFailureCode = (typeof GUEST_FAILURE_CODES)[number];

export interface GuestFailure {
  readonly code: GuestFailureCode;
  /** One sentence for the user: what happened and how to mend it. At most MAX_MESSAGE_CHARS. */
  readonly message: string;
}
/** A sentence for a person; longer ones are refused. */
export const MAX_MESSAGE_CHARS = 4096;

/** A chunk of the module; the last one loads it. `id` names these bytes for this memory size in this process. */
export interface ModuleFrame {
  readonly type: 'module';
  readonly id: string;
  readonly name: string;
  readonly memoryBytes: number;
  readonly isStrict: boolean;
  /** Of the whole module, so that the process allocates once. */
  readonly sizeBytes: number;
  readonly data: string;
}
/** Drops a loaded module: the agent bounds the process's cache. */
export interface ForgetFrame {
  readonly type: 'forget';
  readonly id: string;
}
/** A chunk of the standard input of the next run. */
export interface StdinFrame {
  readonly type: 'stdin';
  readonly sizeBytes: number;
  readonly data: string;
}
/** A chunk of an input file of the next run; the first one makes the file. */
export interface InputFrame {
  readonly type: 'input';
  readonly path: string;
  readonly sizeBytes: number;
  readonly data: string;
}
/** Arguments of the next run that do not fit into its `run` frame; those of `run` follow them. */
export interface ArgsFrame {
  readonly type: 'args';
  readonly args: readonly string[];
}
/** Variables of the next run that do not fit into its `run` frame. */
export interface EnvFrame {
  readonly type: 'env';
  readonly env: Readonly<Record<string, string>>;
}
/** Staging is complete: run. Answered by `running`?, (`output` | `file`)*, `end`. */
export interface RunFrame {
  readonly type: 'run';
  readonly id: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly seed: string;
  readonly isStrict: boolean;
  readonly memoryBytes: number;
  readonly outputs: readonly string[];
  readonly limits: RunLimits;
}
export interface RunLimits {
  /** Bytes of stdout, and apart from it of stderr. */
  readonly streamBytes: number;
  /** Bytes of all guest files together. */
  readonly diskBytes: number;
  /** Files handed back. */
  readonly outputFiles: number;
  /** Units of fuel, where the runtime counts them. */
  readonly fuel?: number;
}
export type RequestFrame =
  | ModuleFrame
  | ForgetFrame
  | StdinFrame
  | InputFrame
  | ArgsFrame
  | EnvFrame
  | RunFrame;

/** First answer of a process: it is loaded and reads requests. */
export interface ReadyFrame {
  readonly type: 'ready';
}
/** The program starts now; the timeout counts from here. Absent when the module was not loadable. */
export interface RunningFrame {
  readonly type: 'running';
}
export interface OutputFrame {
  readonly type: 'output';
  readonly stream: 'stdout' | 'stderr';
  readonly data: string;
}
/** A chunk of an output file, one file after another; an empty file is one empty chunk. */
export interface FileFrame {
  readonly type: 'file';
  readonly path: string;
  readonly data: string;
}
/** The run is over and the process waits for the next request. `failure` is absent exactly when `exitCode` is 0. */
export interface EndFrame {
  readonly type: 'end';
  readonly exitCode: number;
  readonly failure?: GuestFailure;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly fuel?: number;
}
export type AnswerFrame = ReadyFrame | RunningFrame | OutputFrame | FileFrame | EndFrame;

/** Header and JSON of one frame. Throws RangeError for a frame the other side would refuse. */
export function encodeFrame(frame: RequestFrame | AnswerFrame): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(frame), 'utf8');
  if (json.length > MAX_FRAME_BYTES) {
    throw new RangeError(`a ${frame.type} frame of ${json.length} bytes is over the limit`);
  }
  const bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + json.length);
  bytes.writeUInt32BE(json.length, 0);
  bytes.set(json, HEADER_BYTES);
  return bytes;
}

/** Cuts bytes into chunks a frame can carry; no bytes make one empty chunk. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length === 0) yield bytes;
  for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES) {
    yield bytes.subarray(start, start + MAX_CHUNK_BYTES);
  }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const pooled = Buffer.from(text, 'base64');
  return new Uint8Array(pooled);
}
