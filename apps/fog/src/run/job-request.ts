import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  type InputFile,
  JobSpec,
  type JobSpecInput,
  parseWith,
  type UploadedBlob,
} from '@fog/wire';
import type { FogLink } from '../connect/fog-link.ts';
import type { EachItem } from './array-items.ts';
import type { HostFile } from './input-files.ts';
import type { Program } from './program.ts';

/** All that `fog run` was asked for, read from the command line and this machine; nothing is sent yet. */
export interface JobRequest {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly HostFile[];
  readonly array: { readonly count: number } | { readonly items: readonly EachItem[] } | undefined;
  readonly outputs: readonly string[];
  readonly name: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly retries: number | undefined;
}

type ContentOf = (hostPath: string) => { readonly content: string; readonly sizeBytes: number };

/** Stands for contents not sent yet when a request is checked. */
const NO_CONTENT = '0'.repeat(64);
/** Uploads at once: hides the round trips of many small files. */
const UPLOADS_AT_ONCE = 8;
/** Up to this size a file is read whole, so that the upload can be repeated after a lost connection. */
const WHOLE_UPLOAD_BYTES = 4 * 1024 * 1024;

/** Throws WIRE_INVALID when no fog would take the job; nothing has been sent then. */
export function checkRequest(request: JobRequest): void {
  const spec = specOf(request, () => ({ content: NO_CONTENT, sizeBytes: 0 }), undefined);
  parseWith(JobSpec, spec, 'The job cannot be sent');
}

/** Sends the program, its inputs and stdin, and answers the spec that names them. */
export async function uploadRequest(
  link: FogLink,
  request: JobRequest,
  stdin: AsyncIterable<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<JobSpecInput> {
  const sizes = new Map<string, number>([[request.program.file, 0]]);
  for (const file of hostFiles(request)) sizes.set(file.hostPath, file.sizeBytes);
  const uploaded = await uploadAll(link, sizes, signal);
  // A pipe can be read once only: a lost connection meanwhile ends the run.
  const stdinBlob =
    stdin === undefined ? undefined : await link.client().uploadBlob(stdin, { signal });
  const contentOf: ContentOf = (hostPath) => uploaded.get(hostPath) as UploadedBlob;
  return specOf(request, contentOf, stdinBlob?.content);
}

function hostFiles(request: JobRequest): HostFile[] {
  const items = request.array !== undefined && 'items' in request.array ? request.array.items : [];
  return [...request.inputs, ...items.flatMap(({ file }) => (file === undefined ? [] : [file]))];
}

async function uploadAll(
  link: FogLink,
  files: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<Map<string, UploadedBlob>> {
  const uploaded = new Map<string, UploadedBlob>();
  const queue = files.entries();
  const worker = async (): Promise<void> => {
    for (const [hostPath, sizeBytes] of queue) {
      const blob = await link.call(async (client) => {
        const body =
          sizeBytes <= WHOLE_UPLOAD_BYTES ? await readFile(hostPath) : createReadStream(hostPath);
        return client.uploadBlob(body, { signal });
      });
      uploaded.set(hostPath, blob);
    }
  };
  await Promise.all(Array.from({ length: Math.min(UPLOADS_AT_ONCE, files.size) }, worker));
  return uploaded;
}

function specOf(
  request: JobRequest,
  contentOf: ContentOf,
  stdin: string | undefined,
): JobSpecInput {
  const inputOf = (file: HostFile): InputFile => ({
    path: file.guestPath,
    ...contentOf(file.hostPath),
  });
  return {
    runtime: request.program.runtime,
    module: contentOf(request.program.file).content,
    moduleName: request.program.name,
    args: [...request.args],
    env: { ...request.env },
    inputs: request.inputs.map(inputOf),
    outputs: [...request.outputs],
    ...(stdin === undefined ? {} : { stdin }),
    ...(request.name === undefined ? {} : { name: request.name }),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    ...(request.retries === undefined ? {} : { retries: request.retries }),
    ...(request.memoryBytes === undefined
      ? {}
      : { resources: { memoryBytes: request.memoryBytes } }),
    ...arrayOf(request.array, inputOf),
  };
}

function arrayOf(
  array: JobRequest['array'],
  inputOf: (file: HostFile) => InputFile,
): Pick<JobSpecInput, 'array'> {
  if (array === undefined) return {};
  if ('count' in array) return { array: { count: array.count } };
  const items = array.items.map(({ value, file }) => ({
    value,
    ...(file === undefined ? {} : { input: inputOf(file) }),
  }));
  return { array: { items } };
}
