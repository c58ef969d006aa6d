import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import type { EventsMessage, ResultsPage, Task } from '@fog/wire';
import { createFogLink } from '../../src/connect/fog-link.ts';
import { openSession } from '../../src/run/run-session.ts';
import { seeThrough, type SeeThroughOptions } from '../../src/run/see-through.ts';
import { endedJob, endedTask, outcomeOf, scriptedClient, type Ending } from '../fake-client.ts';
import { createTestHost, type TestHost } from '../fake-host.ts';

const ID = 'jabcdefghijkl';
const PLAIN: SeeThroughOptions = {
  array: false,
  json: false,
  outputDir: undefined,
  embedded: true,
};

async function see(
  client: Partial<FogClient>,
  options: Partial<SeeThroughOptions> = {},
  host: TestHost = createTestHost(),
): Promise<{ code: number; host: TestHost }> {
  const target = { url: 'http://127.0.0.1:1', token: 't', source: 'local' } as const;
  const link = createFogLink(target, scriptedClient(client), {
    clock: host.clock,
    signal: host.interrupts.forced,
    tell: () => {},
    locate: async () => undefined,
  });
  using session = openSession(host, link, ID);
  return { code: await seeThrough(session, { ...PLAIN, ...options }), host };
}

function output(attempt: number, offset: number, text: string): EventsMessage {
  const data = Buffer.from(text).toString('base64');
  return { type: 'output', job: ID, index: 0, attempt, stream: 'stdout', offset, data };
}

/** Sends `messages`, and ends the job when the reader has taken them. */
function single(
  messages: readonly EventsMessage[],
  task: Task,
  state = endedJob(),
): Partial<FogClient> {
  const read = Promise.withResolvers<void>();
  return {
    follow: async function* () {
      yield* messages;
      read.resolve();
    },
    job: async () => {
      await read.promise;
      return state;
    },
    task: async () => task,
    cancel: async () => state,
  };
}

describe('a single job', () => {
  it('prints live output and the rest of it once', async () => {
    const live = [output(1, 0, 'one\n'), output(1, 8, 'three\n')];
    const { code, host } = await see(single(live, endedTask({ stdout: 'one\ntwo\nthree\n' })));
    assert.equal(code, 0);
    assert.equal(host.out(), 'one\ntwo\nthree\n');
    assert.equal(host.err(), '');
  });

  it('goes on in a second attempt that says the same', async () => {
    const live = [output(1, 0, 'one\n'), output(2, 0, 'one\n'), output(2, 4, 'two\n')];
    const { host } = await see(single(live, endedTask({ stdout: 'one\ntwo\nend\n' }, 2)));
    assert.equal(host.out(), 'one\ntwo\nend\n');
    assert.equal(host.err(), '');
  });

  it('warns when a second attempt says something else', async () => {
    const task = endedTask({ stdout: 'ONE\ntwo\n' }, 2);
    const { code, host } = await see(single([output(1, 0, 'one\n')], task));
    assert.equal(code, 0);
    assert.equal(host.out(), 'one\ntwo\n');
    assert.match(host.err(), /warning: stdout above mixes two attempts/);
  });

  it("ends with the program's exit code and says why", async () => {
    const failure = { class: 'user', code: 'EXIT_CODE', message: 'exit code 3' } as const;
    const job = endedJob({ state: 'failed', exitCode: 3, failure });
    const task = endedTask({ stdout: 'x', stderr: 'why\n', exitCode: 3, failure });
    const { code, host } = await see(single([], task, job));
    assert.equal(code, 3);
    assert.equal(host.out(), 'x');
    assert.equal(host.err(), 'why\nfog: exit code 3\n');
  });

  it('names what a job that does not start waits for', async () => {
    const waiting = endedJob({ state: 'queued', cause: 'no node is online' });
    waiting.tasks.running = 0;
    const states = [waiting, waiting, endedJob(), endedJob()];
    const { host } = await see({
      ...single([], endedTask({})),
      job: async () => states.shift() ?? endedJob(),
    });
    assert.equal(host.err(), 'fog: the job waits: no node is online\n');
  });

  it('cancels at the first Ctrl-C and answers its exit code', async () => {
    const host = createTestHost();
    const cancelled = Promise.withResolvers<void>();
    const job = endedJob({ state: 'cancelled', exitCode: 130, cause: 'the job was cancelled' });
    const failure = { class: 'user', code: 'CANCELLED', message: 'cancelled' } as const;
    const running = see(
      {
        follow: async function* () {
          yield output(1, 0, 'begun\n');
          host.press();
        },
        job: async () => {
          await cancelled.promise;
          return job;
        },
        cancel: async () => {
          cancelled.resolve();
          return job;
        },
        task: async () => endedTask({ exitCode: 130, failure }),
      },
      {},
      host,
    );
    assert.equal((await running).code, 130);
    assert.equal(host.out(), 'begun\n');
    assert.match(host.err(), /^fog: cancelling the job/);
  });

  it('writes one JSON document', async () => {
    const failure = { class: 'user', code: 'EXIT_CODE', message: 'exit code 3' } as const;
    const job = endedJob({ state: 'failed', exitCode: 3, failure });
    const page = pageOf([{ stdout: 'hé', exitCode: 3, failure }]);
    const { code, host } = await see(
      { results: async () => page, job: async () => job },
      { json: true },
    );
    assert.equal(code, 3);
    const document = JSON.parse(host.out());
    assert.equal(document.exitCode, 3);
    assert.equal(document.failure.code, 'EXIT_CODE');
    assert.equal(document.job.id, ID);
    assert.equal(document.job.spec, undefined);
    assert.equal(document.results[0].stdout, 'hé');
    assert.equal(JSON.parse(host.err()).error.code, 'EXIT_CODE');
  });
});

function pageOf(endings: readonly Ending[]): ResultsPage {
  const results = endings.map((ending, index) => ({
    index,
    state: 'settled' as const,
    attempts: 1,
    outcome: outcomeOf(ending),
  }));
  return { results, next: results.length, total: results.length };
}

describe('an array', () => {
  it('prints outputs whole and in index order, stderr with the index before it', async () => {
    const whole = pageOf([
      { stdout: 'a\n' },
      { stdout: 'b\n', stderr: 'careful\n' },
      { stdout: 'c' },
    ]);
    const pages: ResultsPage[] = [
      { ...whole, results: whole.results.slice(0, 1), next: 1 },
      { ...whole, results: [], next: 1 },
      { ...whole, results: whole.results.slice(1), next: 3 },
    ];
    const running = endedJob({ state: 'running' });
    const states = [running];
    const { code, host } = await see(
      {
        results: async () => pages.shift() as ResultsPage,
        job: async () => states.shift() ?? endedJob(),
      },
      { array: true },
    );
    assert.equal(code, 0);
    assert.equal(host.out(), 'a\nb\nc');
    assert.equal(host.err(), '[1] careful\n');
  });

  it('tells the failed tasks and ends with the code of the job', async () => {
    const failure = { class: 'user', code: 'EXIT_CODE', message: 'exit code 4' } as const;
    const endings = Array.from({ length: 8 }, (_, index) =>
      index === 0 ? {} : { exitCode: 4, failure },
    );
    const tasks = { total: 8, queued: 0, running: 0, settled: 1, failed: 7, cancelled: 0 };
    const { code, host } = await see(
      {
        results: async () => pageOf(endings),
        job: async () => endedJob({ state: 'failed', exitCode: 4, tasks }),
      },
      { array: true },
    );
    assert.equal(code, 4);
    assert.equal(
      host
        .err()
        .split('\n')
        .filter((line) => /task \d: exit code 4/.test(line)).length,
      5,
    );
    assert.match(host.err(), /and 2 more tasks failed\nfog: 7 of 8 tasks failed\n$/);
  });
});
