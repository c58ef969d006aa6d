import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@fog/kernel';
import { defineCommand } from '../command/command.ts';
import { FOG_FLAGS, JSON_FLAG, SANDBOX_FLAG } from '../command/shared-flags.ts';
import type { Check } from '../doctor/check.ts';
import { checkFog } from '../doctor/fog-check.ts';
import {
  checkClock,
  checkDataDir,
  checkMachine,
  checkNode,
  checkPort,
} from '../doctor/machine-checks.ts';
import { dataDirOf } from '../process/data-dir.ts';
import { type Host, sayNext } from '../process/host.ts';
import { readSandbox } from '../run/run-flags.ts';
import { DEFAULT_PORT } from '../compose/ports.ts';

const EXIT_SOMETHING_FAILED = 1;
const MARKS = { ok: ' ok ', warn: 'warn', fail: 'FAIL' } as const;

export const command = defineCommand({
  name: 'doctor',
  summary: 'check this machine and say what to mend',
  usage: ['doctor [flags]'],
  about: `
  Looks at Node, the data directory, the clock, the port and the store, starts a sandbox and runs a
  WebAssembly and a Python program in it, and asks the running fog, if there is one.`,
  flags: { ...JSON_FLAG, ...FOG_FLAGS, ...SANDBOX_FLAG },
  args: [],
  examples: [{ line: 'fog doctor', does: 'what works here, and what to do about the rest' }],
  exitCodes: { 0: 'everything needed works', 1: 'something failed' },
  run: async ({ flags, host }) => {
    const checks: Check[] = [];
    for await (const check of examine(flags, host)) {
      checks.push(check);
      if (!flags.json) await host.stdout.write(checkText(check));
    }
    const healthy = checks.every(({ state }) => state !== 'fail');
    if (flags.json) await host.stdout.write(`${JSON.stringify({ ok: healthy, checks })}\n`);
    await sayNext(host, healthy ? `${host.self} run FILE` : `${host.self} doctor, after mending`);
    return healthy ? 0 : EXIT_SOMETHING_FAILED;
  },
});

interface DoctorFlags {
  readonly fog: string | undefined;
  readonly 'data-dir': string | undefined;
  readonly sandbox: string | undefined;
}

async function* examine(flags: DoctorFlags, host: Host): AsyncGenerator<Check> {
  const dataDir = dataDirOf(flags['data-dir'], host.env);
  const { asked: signal } = host.interrupts;
  yield checkNode(process.version);
  yield checkMachine();
  yield checkClock(host.clock);
  const directory = await checkDataDir(dataDir);
  yield directory;
  const fog = await checkFog({ fog: flags.fog, dataDir, env: host.env, signal });
  yield fog.check;
  if (fog.found !== undefined) {
    const { checkAddresses } = await import('../doctor/address-checks.ts');
    yield* checkAddresses(fog.found, signal);
  }
  yield await checkPort(DEFAULT_PORT, fog.found?.client.url);
  const scratch = await mkdtemp(path.join(tmpdir(), 'fog-doctor-'));
  try {
    if (fog.store !== undefined) yield fog.store;
    if (!fog.runs) {
      const { checkStore } = await import('../doctor/store-check.ts');
      yield await checkStore(scratch, host.clock);
    }
    const { checkRuntime } = await import('../doctor/runtime-checks.ts');
    const options = {
      runtimesDir: directory.state === 'fail' ? scratch : path.join(dataDir, 'runtimes'),
      scratch,
      sandbox: readSandbox(flags.sandbox, host.env),
    };
    yield* await checkRuntime(options, { clock: host.clock, logger: silentLogger }, signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function checkText({ name, state, detail, remedy }: Check): string {
  const line = `[${MARKS[state]}] ${name.padEnd(9)} ${detail}\n`;
  return remedy === undefined ? line : `${line}${' '.repeat(17)}${remedy}\n`;
}
