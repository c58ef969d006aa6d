import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { JobDetail, JobSpec } from '@fog/wire';
import { say, sayNext } from '../process/host.ts';
import { openSession } from '../run/run-session.ts';
import { GUEST_OUTPUT_DIR, prepareOutputDir } from '../run/save-outputs.ts';
import { seeThrough } from '../run/see-through.ts';
import { type JobCall, linkOf, printJson } from './job-action.ts';

/** Submits the spec of the job as a new one, and sees it through as `fog run` does unless detached. */
export async function rerunJob(call: JobCall): Promise<number> {
  const { id, flags, host, client, signal } = call;
  const outputDir = flags.output === undefined ? undefined : path.resolve(host.cwd, flags.output);
  if (outputDir !== undefined) await prepareOutputDir(outputDir);
  const spec = again(await client.job(id, { signal }), host.clock.now());
  const outputs = outputDir === undefined ? spec.outputs : [GUEST_OUTPUT_DIR];
  const link = linkOf(call, host.interrupts.forced);
  const idempotencyKey = randomUUID();
  const job = await link.call((each) => each.submit({ ...spec, outputs }, { idempotencyKey }));
  if (flags.detach) {
    if (flags.json) await printJson(host, { job });
    else await host.stdout.write(`${job.id}\n`);
    await sayNext(host, `${host.self} job ${job.id} logs -f`);
    return 0;
  }
  if (!flags.json) await say(host, `job ${job.id} runs what ${id} ran`);
  using session = openSession(host, link, job.id);
  const array = spec.array !== undefined;
  return await seeThrough(session, { array, json: flags.json, outputDir, embedded: false });
}

/** What the job asked for, now: a deadline that was ten minutes after the old job is ten minutes after the new one. */
export function again({ spec, createdAt }: JobDetail, now: number): JobSpec {
  if (spec.deadlineAt === undefined) return spec;
  return { ...spec, deadlineAt: now + (spec.deadlineAt - createdAt) };
}
