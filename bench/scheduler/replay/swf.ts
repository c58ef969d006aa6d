/**
 * Reads a log in the Standard Workload Format 2.2 (Chapin et al., "Benchmarks and standards for the evaluation
 * of parallel job schedulers", 1999): one job a line, 18 fields, `;` before comments, -1 for unknown. Logs are
 * in the Parallel Workloads Archive of D. Feitelson; whoever publishes figures of one acknowledges the archive
 * and who gave the log, whom its header names.
 */
import { seededRandom } from '@fog/scheduler';
import { withDeadline } from './synthetic.ts';
import type { Trace, TraceJob } from './trace.ts';

const KIB = 1_024;
/** Where the log does not know, as most do not, the least; nobody asks for more than a slot has. */
const LEAST_MEMORY = 64 * KIB ** 2;
const MOST_MEMORY = KIB ** 3;

export interface SwfOptions {
  readonly name: string;
  /** Jobs taken, from the first. */
  readonly jobs: number;
  /** Divides submit and run times alike, so that the load stays as it was. */
  readonly faster: number;
  /** Processors that become one task. */
  readonly fold: number;
  readonly seed: number;
}

/** Jobs that never ran are left out. */
export function readSwf(text: string, options: SwfOptions): Trace {
  const random = seededRandom(options.seed);
  const jobs: TraceJob[] = [];
  for (const line of text.split('\n')) {
    if (jobs.length >= options.jobs) break;
    const job = jobOf(line, options);
    if (job !== undefined) jobs.push(withDeadline(job, random));
  }
  return { name: options.name, jobs: jobs.sort((a, b) => a.submitMs - b.submitMs) };
}

function jobOf(line: string, { faster, fold }: SwfOptions): TraceJob | undefined {
  if (line.trim() === '' || line.trimStart().startsWith(';')) return undefined;
  const fields = line.trim().split(/\s+/).map(Number);
  const [, submit = -1, , run = -1, processors = -1, , usedKb = -1] = fields;
  const [user = -1, , program = -1] = fields.slice(11);
  if (!(submit >= 0 && run > 0 && processors > 0)) return undefined;
  return {
    submitMs: (submit * 1_000) / faster,
    runMs: (run * 1_000) / faster,
    tasks: Math.ceil(processors / fold),
    memoryBytes: Math.min(MOST_MEMORY, Math.max(LEAST_MEMORY, powerOfTwo(usedKb * KIB))),
    user: `user ${user}`,
    // Where the program is not known, jobs of one user and width are taken for runs of the same.
    program: `user ${user}, ${program > 0 ? `program ${program}` : `width ${processors}`}`,
  };
}

/** At least `value`: people ask for round amounts. */
function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}
