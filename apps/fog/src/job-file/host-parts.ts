import path from 'node:path';
import { isFogError } from '@fog/kernel';
import { type EachItem, expandEach } from '../run/array-items.ts';
import { checkTogether, collectInputs, type HostFile } from '../run/input-files.ts';
import { inspectProgram, type Program } from '../run/program.ts';
import type { Problem } from './source.ts';

/** What a job of a file takes from this machine. */
export interface HostParts {
  readonly program: Program | undefined;
  readonly inputs: readonly HostFile[];
  readonly stdin: HostFile | undefined;
  readonly items: readonly EachItem[] | undefined;
  readonly problems: readonly Problem[];
}

interface Where {
  /** Directory that paths are relative to. */
  readonly base: string;
  /** Where the job stands. */
  readonly at: readonly string[];
  readonly signal: AbortSignal;
}

interface Looking extends Where {
  readonly problems: Problem[];
}

/** Looks at the files that a job names, as far as it is written well. */
export async function hostParts(
  job: Readonly<Record<string, unknown>>,
  where: Where,
): Promise<HostParts> {
  const looking: Looking = { ...where, problems: [] };
  const { program, stdin, each, count } = job;
  if (each !== undefined && count !== undefined) {
    const message = '"count" and "each" exclude each other';
    looking.problems.push({ path: [...where.at, 'each'], at: 'key', message });
  }
  return {
    program: await look(looking, ['program'], program, inspectProgram),
    inputs: await inputsOf(looking, job['inputs']),
    stdin: await look(looking, ['stdin'], stdin, readStdinFile),
    items: await look(looking, ['each'], each, (file) => expandEach(file, noBytes, where.signal)),
    problems: looking.problems,
  };
}

/** `work` on the path that stands at a key; what is wrong with it becomes a problem there. */
async function look<T>(
  { base, at, problems }: Looking,
  key: readonly PropertyKey[],
  value: unknown,
  work: (file: string) => Promise<T>,
): Promise<T | undefined> {
  if (typeof value !== 'string' || value === '') return undefined;
  try {
    return await work(path.resolve(base, value));
  } catch (error) {
    if (!isFogError(error)) throw error;
    problems.push({ path: [...at, ...key], message: error.message.replace('--each: ', '') });
    return undefined;
  }
}

async function inputsOf(looking: Looking, value: unknown): Promise<HostFile[]> {
  if (!Array.isArray(value)) return [];
  const files: HostFile[] = [];
  for (const [index, input] of value.entries()) {
    const found = await look(looking, ['inputs', index], input, (file) => collectInputs([file]));
    files.push(...(found ?? []));
  }
  await look(looking, ['inputs'], looking.base, async () => checkTogether(files));
  return files;
}

async function readStdinFile(file: string): Promise<HostFile> {
  const [found] = await collectInputs([`${file}:stdin`]);
  return found as HostFile;
}

/** stdin is for the program; here `-` is a file of that name. */
async function noBytes(): Promise<Uint8Array> {
  return new Uint8Array();
}
