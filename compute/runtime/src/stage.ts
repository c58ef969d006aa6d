import { type FileHandle, open } from 'node:fs/promises';
import { MAX_OUTPUT_FILES, MAX_STREAM_BYTES } from '@fog/wire';
import type { RunRequest } from './ports.ts';
import type { SandboxProcess } from './sandbox-process.ts';
import { MAX_CHUNK_BYTES, type RunLimits, toBase64 } from './sandbox/protocol.ts';

/** All files a program may hold: its disk. */
export const MAX_DISK_BYTES = 2 ** 30;

export const RUN_LIMITS: RunLimits = {
  streamBytes: MAX_STREAM_BYTES,
  diskBytes: MAX_DISK_BYTES,
  outputFiles: MAX_OUTPUT_FILES,
};

/** Characters of arguments and variables in one frame; JSON may make six bytes of each. */
const MAX_TEXT_CHARS = 128 * 1024;

/** Sends what `run` needs ahead of it. Synchronous (undefined) when there are no files to read. */
export function stageFiles(
  process: SandboxProcess,
  request: RunRequest,
): Promise<void> | undefined {
  if (request.stdinHostPath === undefined && request.inputs.length === 0) return undefined;
  return sendFiles(process, request);
}

export async function stageModule(
  process: SandboxProcess,
  request: RunRequest,
  id: string,
): Promise<number> {
  const { moduleName: name, memoryBytes } = request;
  const isStrict = request.determinism === 'strict';
  return sendFile(process, request.module.hostPath, (data, sizeBytes) => {
    process.send({ type: 'module', id, name, memoryBytes, isStrict, sizeBytes, data });
  });
}

async function sendFiles(process: SandboxProcess, request: RunRequest): Promise<void> {
  if (request.stdinHostPath !== undefined) {
    await sendFile(process, request.stdinHostPath, (data, sizeBytes) => {
      process.send({ type: 'stdin', sizeBytes, data });
    });
  }
  for (const { path, hostPath } of request.inputs) {
    if (process.isGone) return;
    await sendFile(process, hostPath, (data, sizeBytes) => {
      process.send({ type: 'input', path, sizeBytes, data });
    });
  }
}

/** Reads a file in chunks no faster than the process takes them; gives its size. */
async function sendFile(
  process: SandboxProcess,
  hostPath: string,
  send: (data: string, sizeBytes: number) => void,
): Promise<number> {
  const file = await open(hostPath, 'r');
  try {
    const { size } = await file.stat();
    let sent = 0;
    do {
      const chunk = await readChunk(file, Math.min(MAX_CHUNK_BYTES, size - sent));
      if (chunk.length === 0 && sent < size)
        throw new Error(`${hostPath} shrank while it was read`);
      send(toBase64(chunk), size);
      sent += chunk.length;
      await process.drained();
    } while (sent < size && !process.isGone);
    return size;
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(sizeBytes);
  const { bytesRead } = await file.read(buffer, 0, sizeBytes);
  return buffer.subarray(0, bytesRead);
}

/** The frame that starts the program, after frames for arguments and variables that do not fit into it. */
export function sendRun(process: SandboxProcess, request: RunRequest, id: string): void {
  const { args, env, moduleName: name, seed, memoryBytes, outputs, fuelLimit } = request;
  const isSmall = charsOf(args) + charsOf(Object.entries(env).flat()) <= MAX_TEXT_CHARS;
  if (!isSmall) sendText(process, request);
  process.send({
    type: 'run',
    id,
    name,
    args: isSmall ? args : [],
    env: isSmall ? env : {},
    seed,
    isStrict: request.determinism === 'strict',
    memoryBytes,
    outputs,
    limits: fuelLimit === undefined ? RUN_LIMITS : { ...RUN_LIMITS, fuel: fuelLimit },
  });
}

/** One frame for all arguments (at most 128 KiB together) and one for each variable (at most 32 KiB). */
function sendText(process: SandboxProcess, { args, env }: RunRequest): void {
  process.send({ type: 'args', args });
  for (const [name, value] of Object.entries(env)) {
    process.send({ type: 'env', env: { [name]: value } });
  }
}

function charsOf(texts: readonly string[]): number {
  let chars = 0;
  for (const text of texts) chars += text.length;
  return chars;
}
