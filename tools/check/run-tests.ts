/** `node tools/check/run-tests.ts unit|system|security [-- node options or files]`. Fails when there is nothing to run. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findFiles, ROOT } from './workspace.ts';

interface Kind {
  readonly files: string;
  readonly flags: readonly string[];
  /** A test of this kind that is still running then has hung. */
  readonly timeoutMs: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  unit: {
    files: '{{base,net,compute,control,economy,apps,tools}/*,bench}/test/**/*.test.ts',
    flags: ['--test-isolation=none'],
    timeoutMs: 60_000,
  },
  // One file at a time: each starts processes of its own and measures them.
  system: {
    files: 'test/system/**/*.test.ts',
    flags: ['--test-concurrency=1'],
    timeoutMs: 300_000,
  },
  security: {
    files: 'test/security/**/*.test.ts',
    flags: ['--test-concurrency=1'],
    timeoutMs: 300_000,
  },
};

function main(kindName: string | undefined, rest: readonly string[]): void {
  const kind = KINDS[kindName ?? ''];
  if (kind === undefined) {
    usage(`which tests? ${Object.keys(KINDS).join(', ')}`);
    return;
  }
  const named = rest.filter((argument) => argument.endsWith('.test.ts'));
  const options = rest.filter((argument) => !argument.endsWith('.test.ts') && argument !== '--');
  const files = named.length > 0 ? named : findFiles(kind.files);
  if (files.length === 0) {
    usage(`no test file matches ${kind.files}`);
    return;
  }
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', `--test-timeout=${kind.timeoutMs}`, ...kind.flags].concat(
      options,
      files,
    ),
    { cwd: ROOT, stdio: 'inherit' },
  );
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  });
}

function usage(problem: string): void {
  process.stderr.write(`run-tests: ${problem}\n`);
  process.exitCode = 2;
}

main(process.argv[2], process.argv.slice(3));
