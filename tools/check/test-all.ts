/** What `npm test` runs: every check and test in order, ending at the first that fails. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ROOT } from './workspace.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** True when the step prints node's test summary. */
  readonly tests?: boolean;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };
const BENCH = 'bench/main.ts';

const STEPS: readonly Step[] = [
  { name: 'format', command: ['npm', 'run', '-s', 'format:check'] },
  { name: 'lint', command: ['npm', 'run', '-s', 'lint'] },
  { name: 'types', command: ['npm', 'run', '-s', 'types'] },
  { name: 'checks', command: ['npm', 'run', '-s', 'check'], tests: true },
  { name: 'dead code', command: ['npm', 'run', '-s', 'deadcode'] },
  { name: 'unit', command: ['npm', 'run', '-s', 'test:unit'], tests: true },
  { name: 'system', command: ['npm', 'run', '-s', 'test:system'], tests: true },
  { name: 'security', command: ['npm', 'run', '-s', 'test:security'], tests: true },
  { name: 'bench', command: ['npm', 'run', '-s', 'bench', '--', 'jobs', '--quick'] },
];

/** The last summary of node's spec reporter in `output`; undefined when it has none. */
export function readCounts(output: string): Counts | undefined {
  const count = (name: string) => {
    const found = [...output.matchAll(new RegExp(`^\\S+ ${name} (\\d+)$`, 'gm'))].at(-1);
    return found === undefined ? undefined : Number(found[1]);
  };
  const [passed, failed, cancelled] = [count('pass'), count('fail'), count('cancelled')];
  if (passed === undefined || failed === undefined) return undefined;
  return { passed, failed: failed + (cancelled ?? 0), skipped: count('skipped') ?? 0 };
}

/** Runs a step with its output shown as it comes; resolves with its exit code and the end of its stdout. */
function run(step: Step): Promise<{ readonly code: number; readonly output: string }> {
  const [command = '', ...args] = step.command;
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output = (output + chunk.toString('utf8')).slice(-65_536);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function runStep(step: Step): Promise<Counts & { readonly ok: boolean }> {
  const startedMs = performance.now();
  console.log(`\n── ${step.name}: ${step.command.join(' ')}`);
  const { code, output } = await run(step);
  const counts = step.tests === true ? readCounts(output) : NOTHING;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const examined = counts !== undefined && (step.tests !== true || counts.passed > 0);
  console.log(`── ${step.name}: ${code === 0 ? 'passed' : `exit code ${code}`} in ${seconds} s`);
  if (code === 0 && !examined) console.log(`── ${step.name}: examined nothing, that is a failure`);
  const ok = code === 0 && examined;
  // A step that failed without a test of its own (format, lint, a crash) counts as one failure.
  const failed = ok ? 0 : Math.max(1, counts?.failed ?? 0);
  return { passed: counts?.passed ?? 0, failed, skipped: counts?.skipped ?? 0, ok };
}

async function main(): Promise<void> {
  const startedMs = performance.now();
  let total = NOTHING;
  for (const step of STEPS) {
    if (step.name === 'bench' && !existsSync(path.join(ROOT, BENCH))) continue;
    const { ok, ...counts } = await runStep(step);
    total = {
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    };
    if (!ok) {
      process.exitCode = 1;
      break;
    }
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`\nAll steps in ${seconds} s on ${availableParallelism()} cores.`);
  if (total.skipped > 0) console.log(`${total.skipped} skipped: this machine cannot run them.`);
  console.log(`# tests ${total.passed + total.failed + total.skipped}`);
  console.log(`# pass ${total.passed}`);
  console.log(`# fail ${total.failed}`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
}

if (import.meta.main) await main();
