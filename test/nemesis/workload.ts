/** Clients that submit jobs and watch them, whatever happens to the fog meanwhile. */
import { isFogError } from '@fog/kernel';
import type { FogClient } from '@fog/server/client';
import { isTerminal, type Job, type JobSpecInput } from '@fog/wire';
import { FAILING_ITEM, NEEDED_FILE, passOnModule, PYTHON, reportModule } from './programs.ts';
import { createRandom, type Random } from './random.ts';
import type { Expected, Records, Wish } from './records.ts';

export interface WorkloadOptions {
  readonly seed: number;
  readonly clients: number;
  /** Also Python jobs: each takes a second of a core. */
  readonly python: boolean;
}

export interface Workload {
  readonly records: Records;
  /** No new jobs; resolves when each client has seen the end of its last one, or at the deadline. */
  drain(deadlineMs: number): Promise<void>;
}

/** Contents of one account. */
interface Modules {
  readonly report: ReadonlyMap<number, string>;
  readonly passOn: string;
  readonly python: string;
}

interface Customer {
  readonly options: WorkloadOptions;
  readonly name: string;
  readonly account: number;
  readonly clients: readonly FogClient[];
  readonly modules: Modules;
  readonly random: Random;
  readonly records: Records;
  readonly stop: AbortSignal;
}

/** Of the programs: short ones show the rate, long ones are running when something happens. */
const SLEEPS_MS = [20, 400, 4_000] as const;
/** One call; a cut network answers nothing. */
const CALL_MS = 12_000;
const WAIT_MS = 3_000;
const AGAIN_MS = 300;
/** The fog's own faults must not use up the attempts of a job. */
const RETRIES = 20;

export async function startWorkload(
  accounts: readonly (readonly FogClient[])[],
  options: WorkloadOptions,
  records: Records,
): Promise<Workload> {
  const modules = await Promise.all(accounts.map(([client]) => upload(client as FogClient)));
  const stop = new AbortController();
  const give = new AbortController();
  const work = Array.from({ length: options.clients }, (_, index) => {
    const account = index % accounts.length;
    return serve(
      {
        options,
        name: `client${index}`,
        account,
        clients: accounts[account] ?? [],
        modules: modules[account] as Modules,
        random: createRandom(options.seed * 1_000 + index),
        records,
        stop: stop.signal,
      },
      give.signal,
    );
  });
  return {
    records,
    drain: async (deadlineMs) => {
      stop.abort();
      const timer = setTimeout(() => give.abort(), deadlineMs);
      await Promise.all(work);
      clearTimeout(timer);
    },
  };
}

async function upload(client: FogClient): Promise<Modules> {
  const content = async (bytes: Uint8Array): Promise<string> =>
    (await client.uploadBlob(bytes)).content;
  const report = new Map<number, string>();
  for (const sleepMs of SLEEPS_MS) report.set(sleepMs, await content(reportModule(sleepMs)));
  return {
    report,
    passOn: await content(passOnModule()),
    python: await content(Buffer.from(PYTHON)),
  };
}

async function serve(customer: Customer, give: AbortSignal): Promise<void> {
  for (let count = 0; !customer.stop.aborted; count += 1) {
    const wishes = newWishes(customer, `${customer.name}-${count}`);
    customer.records.wishes.push(...wishes);
    await submit(customer, wishes, give);
    const [first] = wishes;
    if (first?.kind === 'cancelled') await cancel(customer, first, give);
    for (const wish of wishes) await watch(customer, wish, give);
  }
}

type Kind = (customer: Customer, label: string) => Wish[];

const KINDS: readonly { readonly weight: number; readonly make: Kind }[] = [
  { weight: 4, make: single },
  { weight: 3, make: long },
  { weight: 3, make: array },
  { weight: 2, make: arrayWithFailures },
  { weight: 2, make: chain },
  { weight: 2, make: replicated },
  { weight: 1, make: cancelled },
  { weight: 1, make: python },
];

function newWishes(customer: Customer, label: string): Wish[] {
  const kinds = KINDS.filter(({ make }) => make !== python || customer.options.python);
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let left = customer.random.next() * total;
  const chosen = kinds.find(({ weight }) => (left -= weight) < 0) ?? kinds[0];
  return chosen?.make(customer, label) ?? [];
}

function report({ modules }: Customer, label: string, sleepMs: number): JobSpecInput {
  const module = modules.report.get(sleepMs) ?? '';
  return {
    name: label,
    runtime: 'wasm',
    module,
    moduleName: 'report.wasm',
    args: [label],
    retries: RETRIES,
  };
}

function single(of: Customer, label: string): Wish[] {
  return [wish(of, label, report(of, label, 20), { kind: 'single' })];
}

function long(of: Customer, label: string): Wish[] {
  return [wish(of, label, report(of, label, 4_000), { kind: 'long' })];
}

function array(of: Customer, label: string): Wish[] {
  const count = of.random.between(10, 60);
  const spec = report(of, label, of.random.pick([20, 400]));
  return [wish(of, label, { ...spec, array: { count } }, { kind: 'array', tasks: count })];
}

function arrayWithFailures(of: Customer, label: string): Wish[] {
  const tasks = of.random.between(4, 12);
  const failing = new Set([of.random.between(0, tasks - 1), of.random.between(0, tasks - 1)]);
  const items = Array.from({ length: tasks }, (_, index) => ({
    value: failing.has(index) ? `${FAILING_ITEM}ails` : 'works',
  }));
  const spec = { ...report(of, label, of.random.pick([20, 400])), array: { items } };
  return [wish(of, label, spec, { kind: 'failing', tasks, failing, expected: 'failed' })];
}

/** The second prints what the first has printed. */
function chain(of: Customer, label: string): Wish[] {
  const terms: Terms = { kind: 'chain', prints: { form: 'report', label } };
  const first = wish(of, `${label}/first`, report(of, label, 400), terms);
  const spec: JobSpecInput = {
    ...report(of, label, 20),
    module: of.modules.passOn,
    needs: [{ job: 'first', outputs: [{ from: 'stdout', to: NEEDED_FILE }] }],
  };
  return [first, wish(of, `${label}/second`, spec, terms)];
}

/** Class A: two owners must agree. */
function replicated(of: Customer, label: string): Wish[] {
  const spec: JobSpecInput = { ...report(of, label, 20), class: 'A', determinism: 'strict' };
  return [wish(of, label, { ...spec, array: { count: 4 } }, { kind: 'class A', tasks: 4 })];
}

function cancelled(of: Customer, label: string): Wish[] {
  const spec = { ...report(of, label, 4_000), array: { count: 12 } };
  return [wish(of, label, spec, { kind: 'cancelled', tasks: 12, expected: 'any' })];
}

function python(of: Customer, label: string): Wish[] {
  const spec: JobSpecInput = {
    ...report(of, label, 20),
    runtime: 'python',
    module: of.modules.python,
    moduleName: 'report.py',
  };
  return [wish(of, label, spec, { kind: 'python', prints: { form: 'python', label } })];
}

interface Terms {
  readonly kind: string;
  readonly tasks?: number;
  readonly failing?: ReadonlySet<number>;
  readonly expected?: Expected;
  readonly prints?: Wish['prints'];
}

function wish(of: Customer, label: string, spec: JobSpecInput, terms: Terms): Wish {
  return {
    tasks: 1,
    expected: 'settled',
    failing: new Set(),
    prints: { form: 'report', label },
    ...terms,
    label,
    account: of.account,
    idempotencyKey: label,
    spec,
    acknowledged: new Set(),
    acknowledgedMs: undefined,
    cancelledMs: undefined,
    sightings: [],
    refused: undefined,
    denied: undefined,
  };
}

async function submit(
  customer: Customer,
  wishes: readonly Wish[],
  give: AbortSignal,
): Promise<void> {
  const [first] = wishes;
  if (first === undefined) return;
  const jobs = await insist<readonly Job[]>(customer, give, async (client, signal) => {
    if (wishes.length === 1) {
      const options = { signal, idempotencyKey: first.idempotencyKey };
      return [await client.submit(first.spec, options)];
    }
    const [key = ''] = first.label.split('/');
    const batch = wishes.map(({ label, spec }) => ({ key: label.split('/')[1] ?? '', spec }));
    return client.submitBatch({ jobs: batch }, { signal, idempotencyKey: key });
  });
  for (const [at, each] of wishes.entries()) {
    if (jobs instanceof Error) each.refused = jobs.message;
    else if (jobs !== undefined) {
      each.acknowledged.add(jobs[at]?.id ?? '');
      each.acknowledgedMs = Date.now();
    }
  }
  if (!(jobs instanceof Error) && jobs !== undefined && customer.random.next() < AGAIN_SHARE) {
    await again(customer, wishes, give);
  }
}

/** Submissions that are sent once more after their acknowledgement: the same job must answer. */
const AGAIN_SHARE = 0.1;

async function again(
  { clients, random }: Customer,
  wishes: readonly Wish[],
  give: AbortSignal,
): Promise<void> {
  const [first] = wishes;
  if (first === undefined || wishes.length > 1) return;
  const signal = AbortSignal.any([give, AbortSignal.timeout(CALL_MS)]);
  const options = { signal, idempotencyKey: first.idempotencyKey };
  const job = await random
    .pick(clients)
    .submit(first.spec, options)
    .catch(() => undefined);
  if (job !== undefined) first.acknowledged.add(job.id);
}

async function cancel(customer: Customer, wish: Wish, give: AbortSignal): Promise<void> {
  const [id] = wish.acknowledged;
  if (id === undefined) return;
  const job = await insist(customer, give, (client, signal) => client.cancel(id, { signal }));
  if (job === undefined || job instanceof Error) return;
  wish.cancelledMs = Date.now();
}

/** Until the end of the job, and once more after it. */
async function watch(customer: Customer, wish: Wish, give: AbortSignal): Promise<void> {
  const [id] = wish.acknowledged;
  if (id === undefined) return;
  for (let ends = 0; ends < 2 && !give.aborted;) {
    const askedMs = Date.now();
    const job = await insist(customer, give, (client, signal) =>
      client.job(id, { signal, waitMs: WAIT_MS }),
    );
    if (job === undefined) return;
    if (job instanceof Error) {
      wish.denied = job.message;
      return;
    }
    wish.sightings.push({ askedMs, answeredMs: Date.now(), state: job.state });
    if (isTerminal(job.state)) ends += 1;
  }
}

/** Asks again, of any coordinator, while the answer is "not now"; the error of a final no; undefined when given up. */
async function insist<T>(
  { clients, random, records }: Customer,
  give: AbortSignal,
  call: (client: FogClient, signal: AbortSignal) => Promise<T>,
): Promise<T | Error | undefined> {
  while (!give.aborted) {
    const signal = AbortSignal.any([give, AbortSignal.timeout(CALL_MS)]);
    try {
      return await call(random.pick(clients), signal);
    } catch (error) {
      const code = isFogError(error) ? error.code : String(error);
      if (isFogError(error) && !isForNow(error)) {
        records.surprises.set(code, error.message);
        return error;
      }
      if (!isFogError(error) || error.kind === 'bug') records.surprises.set(code, String(error));
      records.retried.set(code, (records.retried.get(code) ?? 0) + 1);
      records.said.set(code, String(error));
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  return undefined;
}

const PASSING: ReadonlySet<string> = new Set([
  'unavailable',
  'timeout',
  'cancelled',
  'rate-limited',
  'bug',
]);

function isForNow(error: { readonly kind: string; readonly retryable: boolean }): boolean {
  return error.retryable || PASSING.has(error.kind);
}
