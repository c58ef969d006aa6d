import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  type InputFile,
  JobSpec,
  type JobSpecInput,
  parseWith,
  type UploadedBlob,
} from '@fog/wire';
import { findNode } from '../connect/find-node.ts';
import type { FogLink } from '../connect/fog-link.ts';
import type { EachItem } from './array-items.ts';
import type { HostFile } from './input-files.ts';
import type { Program } from './program.ts';
import { defined, type Wishes } from './wishes.ts';

/** All that `fog run` was asked for, read from the command line and this machine; nothing is sent yet. */
export interface JobRequest {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly HostFile[];
  readonly array: { readonly count: number } | { readonly items: readonly EachItem[] } | undefined;
  readonly outputs: readonly string[];
  /** In place of what is piped in. */
  readonly stdin?: HostFile | undefined;
  readonly wishes: Wishes;
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
  const sent = { contentOf: () => ({ content: NO_CONTENT, sizeBytes: 0 }), excluded: [] };
  const spec = specOf(request, sent);
  parseWith(JobSpec, spec, 'The job cannot be sent');
}

/** Sends the program, its inputs and stdin, and answers the spec that names them. */
export async function uploadRequest(
  link: FogLink,
  request: JobRequest,
  stdin: AsyncIterable<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<JobSpecInput> {
  const [spec] = await uploadRequests(link, [request], signal);
  // A pipe can be read once only: a lost connection meanwhile ends the run.
  const sent = stdin === undefined ? undefined : await link.client().uploadBlob(stdin, { signal });
  return { ...(spec as JobSpecInput), ...defined({ stdin: sent?.content ?? spec?.stdin }) };
}

/** As `uploadRequest` for several jobs; a file that more than one of them names is sent once. */
export async function uploadRequests(
  link: FogLink,
  requests: readonly JobRequest[],
  signal: AbortSignal,
): Promise<JobSpecInput[]> {
  const names = requests.flatMap(({ wishes }) => wishes.exclude);
  const nodeIds = await findNodeIds(link, names, signal);
  const sizes = new Map<string, number>();
  for (const file of requests.flatMap(hostFiles)) sizes.set(file.hostPath, file.sizeBytes);
  const uploaded = await uploadAll(link, sizes, signal);
  const contentOf: ContentOf = (hostPath) => uploaded.get(hostPath) as UploadedBlob;
  return requests.map((request) => {
    const excluded = request.wishes.exclude.map((name) => nodeIds.get(name) as string);
    return specOf(request, { contentOf, excluded });
  });
}

/** Ids of the nodes of these names. */
async function findNodeIds(
  link: FogLink,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const nodes = await link.call((client) => client.nodes({ signal }));
  return new Map(names.map((name) => [name, findNode(nodes, name).id]));
}

function hostFiles({ program, inputs, stdin, array }: JobRequest): Omit<HostFile, 'guestPath'>[] {
  const items = array !== undefined && 'items' in array ? array.items : [];
  return [
    // Its size decides only whether it is read whole; a program is.
    { hostPath: program.file, sizeBytes: 0 },
    ...inputs,
    ...(stdin === undefined ? [] : [stdin]),
    ...items.flatMap(({ file }) => (file === undefined ? [] : [file])),
  ];
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

interface Sent {
  readonly contentOf: ContentOf;
  readonly excluded: string[];
}

function specOf(request: JobRequest, { contentOf, excluded }: Sent): JobSpecInput {
  const inputOf = (file: HostFile): InputFile => ({
    path: file.guestPath,
    ...contentOf(file.hostPath),
  });
  const { program, args, env, inputs, outputs, stdin, wishes } = request;
  return {
    runtime: program.runtime,
    module: contentOf(program.file).content,
    moduleName: program.name,
    args: [...args],
    env: { ...env },
    inputs: inputs.map(inputOf),
    outputs: [...outputs],
    ...(stdin === undefined ? {} : { stdin: contentOf(stdin.hostPath).content }),
    ...wishes.spec,
    ...(excluded.length === 0 ? {} : { excludedNodes: excluded }),
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
