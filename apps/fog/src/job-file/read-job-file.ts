/** `fog run -f FILE`: every job of the file as a request, or every problem of the file at once. */
import path from 'node:path';
import { JobId } from '@fog/wire';
import type { z } from 'zod';
import { suggest } from '../command/suggest.ts';
import type { JobRequest } from '../run/job-request.ts';
import { GUEST_OUTPUT_DIR } from '../run/save-outputs.ts';
import { hostParts, type HostParts } from './host-parts.ts';
import { fileSchemas, type JobOfFile, knownKeys } from './schema.ts';
import { type Problem, readSource } from './source.ts';
import { wishesOf } from './wishes-of.ts';

/** One job of a file. */
export interface FileJob {
  readonly request: JobRequest;
  /** Directory of this machine for what the program hands back; undefined: it stays in the fog. */
  readonly outputDir: string | undefined;
}

export interface JobFile {
  /** By key; a file of one job has it under the empty key. */
  readonly jobs: ReadonlyMap<string, FileJob>;
  /** True for `jobs:` with keys, even when it is one only. */
  readonly isBatch: boolean;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Paths in the file are relative to it, a deadline counts from `now`. Throws FOG_JOB_FILE; an AbortError when `signal` aborts. */
export async function readJobFile(
  file: string,
  now: number,
  signal: AbortSignal,
): Promise<JobFile> {
  const { content, wrong } = await readSource(file, signal);
  if (!isMapping(content)) {
    throw wrong([{ path: [], message: 'must be a mapping: one job, or "jobs:" with several' }]);
  }
  const isBatch = Object.hasOwn(content, 'jobs');
  const base = path.dirname(path.resolve(file));
  const { jobs, problems } = parseJobs(content, isBatch, now);
  const written = writtenJobs(content, isBatch);
  problems.push(...needProblems(written, isBatch));
  const parts = new Map<string, HostParts>();
  for (const [key, job] of written) {
    parts.set(key, await hostParts(job, { base, at: isBatch ? ['jobs', key] : [], signal }));
  }
  for (const each of parts.values()) problems.push(...each.problems);
  if (problems.length > 0) throw wrong(problems);
  const made = Object.entries(jobs).map(
    ([key, job]) => [key, fileJob(named(key, job), parts.get(key) as HostParts, base)] as const,
  );
  return { jobs: new Map(made), isBatch };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The jobs as they are written, good or bad. */
function writtenJobs(content: Mapping, isBatch: boolean): [string, Mapping][] {
  if (!isBatch) return [['', content]];
  const jobs = isMapping(content['jobs']) ? Object.entries(content['jobs']) : [];
  return jobs.flatMap(([key, job]) => (isMapping(job) ? [[key, job]] : []));
}

interface ParsedJobs {
  readonly jobs: Readonly<Record<string, JobOfFile>>;
  readonly problems: Problem[];
}

function parseJobs(content: Mapping, isBatch: boolean, now: number): ParsedJobs {
  const { one, several } = fileSchemas(now);
  if (!isBatch) {
    const { data, error } = one.safeParse(content);
    return { jobs: data === undefined ? {} : { '': data }, problems: problemsOf(error, isBatch) };
  }
  const { data, error } = several.safeParse(content);
  return { jobs: data?.jobs ?? {}, problems: problemsOf(error, isBatch) };
}

function problemsOf(error: z.ZodError | undefined, isBatch: boolean): Problem[] {
  return (error?.issues ?? []).flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const near = suggest(key, knownKeys(issue.path, isBatch));
        const hint = near === undefined ? '' : `; did you mean "${near}"?`;
        return { path: [...issue.path, key], at: 'key', message: `unknown key${hint}` };
      });
    }
    if (issue.code === 'invalid_key') {
      const message = issue.issues[0]?.message ?? issue.message;
      return [{ path: issue.path, at: 'key', message }];
    }
    return [{ path: issue.path, message: issue.message }];
  });
}

/** Needs that name neither a job of the file nor one of the fog. */
function needProblems(written: readonly [string, Mapping][], isBatch: boolean): Problem[] {
  const keys = isBatch ? written.map(([key]) => key) : [];
  return written.flatMap(([key, { needs }]) =>
    (Array.isArray(needs) ? needs : []).flatMap((need: unknown, index): Problem[] => {
      const job = isMapping(need) ? need['job'] : need;
      if (typeof job !== 'string' || keys.includes(job) || JobId.safeParse(job).success) return [];
      const near = suggest(job, keys);
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      const message = `"${job}" is neither a job of this file nor a job id${hint}`;
      return [{ path: [...(isBatch ? ['jobs', key] : []), 'needs', index], message }];
    }),
  );
}

/** In lists it is shown by its key when it has no name. */
function named(key: string, job: JobOfFile): JobOfFile {
  return key === '' || job.name !== undefined ? job : { ...job, name: key };
}

function fileJob(job: JobOfFile, parts: HostParts, base: string): FileJob {
  const { program, inputs, stdin, items } = parts;
  if (program === undefined) throw new TypeError('a job without problems has its program');
  const array = job.count === undefined ? items && { items } : { count: job.count };
  return {
    request: {
      program,
      args: job.args ?? [],
      env: job.env ?? {},
      inputs,
      stdin,
      array,
      // Other jobs, and "fog job ID get", may want what is not saved here.
      outputs: [GUEST_OUTPUT_DIR],
      wishes: wishesOf(job),
    },
    outputDir: job.output === undefined ? undefined : path.resolve(base, job.output),
  };
}
