import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { type JobFile, readJobFile } from '../../src/job-file/read-job-file.ts';

const NOW = 1_000_000;
const NEVER = new AbortController().signal;

async function read(text: string, name = 'job.yaml'): Promise<JobFile> {
  await using dir = await tempDir();
  for (const file of ['a.py', 'in.txt', 'b.txt']) await writeFile(dir.file(file), 'x\ny\n');
  await writeFile(dir.file(name), text);
  return await readJobFile(dir.file(name), NOW, NEVER);
}

/** `line:column message` of each problem. */
async function problems(text: string): Promise<string[]> {
  try {
    await read(text);
  } catch (error) {
    assert.ok(isFogError(error, 'FOG_JOB_FILE'), String(error));
    return error.message
      .split('\n')
      .map((line) => line.replace(/^\S*job\.yaml:(\d+:\d+):/, '$1').replaceAll(/\/\S+\//g, ''));
  }
  throw new assert.AssertionError({ message: 'the file was accepted' });
}

describe('a job file', () => {
  it('tells of a deadline in the past together with all else', async () => {
    assert.deepEqual(await problems('program: a.py\ndeadline: 1970-01-01T00:01Z\ngpus: x'), [
      '2:11 deadline: "1970-01-01T00:01Z" must not have passed: now it is 1970-01-01T00:16:40.000Z',
      '3:7 gpus: "x" must be a whole number from 0 to 64',
    ]);
  });

  it('of a depth that nobody writes is refused by line and column', async () => {
    const levels = /nested more than 32 levels deep; is a bracket left open/;
    for (const open of ['[', '{a: ', '- ']) {
      const [found, ...others] = await problems(`program: a.py\nargs:\n  ${open.repeat(20_000)}`);
      assert.match(found ?? '', levels);
      assert.match(found ?? '', /^3:\d+ /);
      assert.deepEqual(others, []);
    }
    const steps = Array.from({ length: 2_000 }, (_, at) => `${' '.repeat(at)}a:\n`).join('');
    assert.match((await problems(steps)).join(), levels);
  });

  it('says all that flags say, in the same words', async () => {
    const text = `
program: a.py
args: [1, 1.10, no, "2"]
env: { A: 1, B: "" }
stdin: in.txt
inputs: [b.txt, b.txt:/data/b]
output: saved
count: 3
name: n
timeout: 2s
phase-timeouts: { queued: 1h }
memory: 64M
retries: 0
cores: 0.5
region: eu
labels: { zone: a }
exclude: [attic]
priority: 1
deadline: 10m
on-lost: wait=10s
strict: true
allow-same-owner: false
needs:
  - jabcdefghijkl
  - job: jabcdefghijkm
    outputs: [{ from: stdout, to: in, index: 3 }]
`;
    const { jobs, isBatch } = await read(text);
    assert.equal(isBatch, false);
    const { request, outputDir } = jobs.get('') ?? {};
    assert.match(outputDir ?? '', /\/saved$/);
    assert.deepEqual(request?.args, ['1', '1.10', 'no', '2']);
    assert.deepEqual(request?.env, { A: '1', B: '' });
    assert.deepEqual(request?.array, { count: 3 });
    assert.deepEqual(
      request?.inputs.map(({ guestPath }) => guestPath),
      ['b.txt', '/data/b'],
    );
    assert.match(request?.stdin?.hostPath ?? '', /\/in\.txt$/);
    assert.deepEqual(request?.wishes, {
      exclude: ['attic'],
      spec: {
        name: 'n',
        timeoutMs: 2000,
        retries: 0,
        resources: { memoryBytes: 64 * 2 ** 20, cores: 0.5 },
        phaseTimeouts: { queuedMs: 3_600_000 },
        priority: 1,
        deadlineAt: NOW + 600_000,
        region: 'eu',
        labels: { zone: 'a' },
        disconnect: { onLost: 'wait', waitMs: 10_000 },
        determinism: 'strict',
        allowSameOwner: false,
        needs: [
          { job: 'jabcdefghijkl', outputs: [] },
          { job: 'jabcdefghijkm', outputs: [{ from: 'stdout', to: 'in', index: 3 }] },
        ],
      },
    });
  });

  it('may be JSON, and may have several jobs', async () => {
    const job = { program: 'a.py', each: 'in.txt' };
    const text = JSON.stringify(
      { jobs: { first: job, last: { ...job, needs: ['first'] } } },
      null,
      '\t',
    );
    const { jobs, isBatch } = await read(text, 'job.json');
    assert.equal(isBatch, true);
    assert.deepEqual([...jobs.keys()], ['first', 'last']);
    const { request } = jobs.get('last') ?? {};
    assert.deepEqual(request?.array, { items: [{ value: 'x' }, { value: 'y' }] });
    assert.deepEqual(request?.wishes.spec, {
      name: 'last',
      needs: [{ job: 'first', outputs: [] }],
    });
  });

  it('is refused with every problem, its place and a hint', async () => {
    const text = `jobs:
  Prepare:
    program: nope.py
  train:
    progam: a.py
    timeout: soon
    args: 5
    env: { FOG_X: 1, 1A: x }
    needs:
      - prepar
      - job: other
        outputs: [{ form: stdout, to: ../x }]
    labels: { Zone: a }
    phase-timeouts: { queue: 2s }
  other:
    program: in.txt
    inputs: ['b.txt:x', 'in.txt:x', none]
    count: 5
    each: '-'
    memory: [1]
    strict: yes
name: x
`;
    assert.deepEqual(await problems(text), [
      '2:3 jobs.Prepare: must be a name such as train or step-2',
      '3:14 jobs.Prepare.program: nope.py does not exist. Check the path.',
      '5:5 jobs.train.program: is missing',
      '5:5 jobs.train.progam: unknown key; did you mean "program"?',
      '6:14 jobs.train.timeout: "soon" must be a duration like 500ms, 2s, 10m or 1h, more than nothing and at most 7d',
      '7:11 jobs.train.args: must be a list',
      '8:12 jobs.train.env.FOG_X: names starting with FOG_ are set by fog itself',
      '8:22 jobs.train.env.1A: the name of a variable must be of letters, digits and _, and not begin with a digit',
      '10:9 jobs.train.needs.0: "prepar" is neither a job of this file nor a job id; did you mean "Prepare"?',
      '12:19 jobs.train.needs.1.outputs.0.from: is missing',
      '12:21 jobs.train.needs.1.outputs.0.form: unknown key; did you mean "from"?',
      '12:39 jobs.train.needs.1.outputs.0.to: must be a clean path without "..", "." or empty segments',
      '13:15 jobs.train.labels.Zone: must be a label name such as zone or gpu.model',
      '14:23 jobs.train.phase-timeouts.queue: unknown key; did you mean "queued"?',
      '16:14 jobs.other.program: in.txt is no program fog knows. Fog runs WebAssembly modules (.wasm, WASI preview 1) and Python programs (.py).',
      '17:13 jobs.other.inputs: in.txt and b.txt would both be "x" for the program. Mount one elsewhere: --input PATH:MOUNT.',
      '17:37 jobs.other.inputs.2: none does not exist.',
      '19:5 jobs.other.each: "count" and "each" exclude each other',
      '19:11 jobs.other.each: - does not exist.',
      '20:13 jobs.other.memory: must be a single value',
      'and 2 more',
    ]);
  });

  it('is refused when it is no mapping, no YAML, or not there', async () => {
    const wrong: readonly [string, RegExp][] = [
      ['', /^1:1 must be a mapping: one job, or "jobs:" with several$/],
      ['- a', /^1:1 must be a mapping/],
      ['jobs: {}', /^1:7 jobs: must have at least one job$/],
      ['jobs:', /^1:1 jobs: must be a mapping of keys to jobs$/],
      ['jobs: { a: 5 }', /^1:12 jobs\.a: must be a mapping$/],
      ['program: a.py\nprogram: b.py', /^2:1 Map keys must be unique$/],
      ['program: a.py\n\tx: 1', /^2:1 Tabs are not allowed/],
      ['a: [1', /^1:6 Flow sequence/],
      ['program: a.py\n---\nprogram: a.py', /^2:1 Source contains multiple documents/],
      ['program: a.py\nneeds: [train]', /^2:9 needs\.0: "train" is neither/],
    ];
    for (const [text, message] of wrong) {
      const [first = ''] = await problems(text);
      assert.match(first, message);
    }
    await assert.rejects(readJobFile('/no/such.yaml', NOW, NEVER), {
      message: /it does not exist/,
    });
    await assert.rejects(readJobFile('/', NOW, NEVER), { message: /it is a directory/ });
    const many = Array.from({ length: 200 }, (_, n) => `k${n}: &a${n} [*a${n - 1}, *a${n - 1}]`);
    many[0] = 'k0: &a0 [x]';
    assert.match((await problems(many.join('\n')))[0] ?? '', /alias/i);
    const large = `name: ${'x'.repeat(5 * 2 ** 20)}`;
    await assert.rejects(read(large), { message: /more than 4 MiB/ });
  });
});
