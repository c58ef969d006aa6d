/**
 * A trace drawn after the statistics of public ones: run times log-normal with a Pareto tail, bursts and a
 * day's rhythm in the arrivals, a few users with most of the jobs, mostly single tasks and a few large arrays.
 * Run times are a tenth of those of a cluster: Fog's work is minutes long.
 */
import { type Random, seededRandom } from '@fog/scheduler';
import { hyperExponential, logNormal, logUniform, zipf } from './draws.ts';
import { aloneMs, type Trace, type TraceJob } from './trace.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const MIB = 2 ** 20;

/** Between two submissions; the standard deviation is five times that. */
const ARRIVAL = { mean: 90 * SECOND, cv: 5 };
/** Runs of one program are more alike than those of two; together a standard deviation of 1.9. */
const RUN = { median: 54 * SECOND, programSigma: 1.5, sigma: 1.17 };
/** Begins at the 99th percentile of the rest, and is cut where no volunteer's machine would stay. */
const TAIL = { from: 0.99, alpha: 1.1, beginMs: 4_480 * SECOND, mostMs: 7_200 * SECOND };
/** Asked for in powers of two, from 64 MiB to 1 GiB. */
const MEMORY_STEPS = 5;
const USERS = { count: 40, exponent: 1.1, programs: 3 };
/** A user's script submits so many jobs of one program at once. */
const FLURRY = { chance: 0.005, least: 10, most: 40, gapMs: 2 * SECOND };
/** Peak to trough of a day is three to one. */
const DAY_SWING = 0.5;

export function syntheticTrace({ seed, jobs: count }: { seed: number; jobs: number }): Trace {
  const random = seededRandom(seed);
  const userOf = zipf(USERS.count, USERS.exponent);
  const programs = new Map<string, Program>();
  const jobs: TraceJob[] = [];
  let nowMs = 0;
  while (jobs.length < count) {
    const rate = 1 + DAY_SWING * Math.sin((2 * Math.PI * nowMs) / DAY);
    nowMs += hyperExponential(random, ARRIVAL) / rate;
    const user = `user ${userOf(random)}`;
    const name = `${user}, program ${random.below(USERS.programs)}`;
    const program = programs.get(name) ?? newProgram(random);
    programs.set(name, program);
    const isFlurry = random.next() < FLURRY.chance;
    const together = isFlurry ? Math.round(logUniform(random, FLURRY.least, FLURRY.most)) : 1;
    for (let at = 0; at < Math.min(together, count - jobs.length); at += 1) {
      const job = {
        submitMs: nowMs + at * FLURRY.gapMs,
        runMs: runMs(program, random),
        tasks: isFlurry ? 1 : arraySize(random),
        memoryBytes: program.memoryBytes,
        user,
        program: name,
      };
      jobs.push(withDeadline(job, random));
    }
  }
  return { name: `synthetic, seed ${seed}`, jobs: jobs.sort((a, b) => a.submitMs - b.submitMs) };
}

interface Program {
  readonly medianMs: number;
  readonly memoryBytes: number;
}

function newProgram(random: Random): Program {
  return {
    medianMs: logNormal(random, { median: RUN.median, sigma: RUN.programSigma }),
    memoryBytes: 64 * MIB * 2 ** random.below(MEMORY_STEPS),
  };
}

/** Part of the jobs is due: some time after what the job takes alone, tight for one and generous for another. */
const DUE = { share: 0.5, graceMs: 30 * SECOND, least: 1.5, most: 6 };

export function withDeadline(job: TraceJob, random: Random): TraceJob {
  if (random.next() >= DUE.share) return job;
  const slack = DUE.graceMs + logUniform(random, DUE.least, DUE.most) * aloneMs(job);
  return { ...job, dueMs: job.submitMs + slack };
}

function runMs({ medianMs }: Program, random: Random): number {
  if (random.next() < TAIL.from) {
    return Math.min(TAIL.beginMs, logNormal(random, { median: medianMs, sigma: RUN.sigma }));
  }
  return Math.min(TAIL.mostMs, TAIL.beginMs * (1 - random.next()) ** (-1 / TAIL.alpha));
}

/** 60 % single tasks, 30 % powers of two up to 64, 10 % large; larger than 1,000 would be the whole trace. */
function arraySize(random: Random): number {
  const kind = random.next();
  if (kind < 0.6) return 1;
  if (kind < 0.9) return 2 ** (1 + random.below(6));
  return Math.round(logUniform(random, 100, 1_000));
}
