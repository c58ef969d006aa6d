/** The programs of the workload: what they print depends on their job and index, so that a mix-up shows. */
import { program, showModule, type WasiImport } from '@fog/testkit';

/** Exit code of a task whose item begins with `f`. */
export const FAILING = 3;
export const FAILING_ITEM = 'f';

const IMPORTS: readonly WasiImport[] = [
  'poll_oneoff',
  'args_sizes_get',
  'args_get',
  'environ_sizes_get',
  'environ_get',
  'fd_write',
  'proc_exit',
];

/** Sleeps, prints arguments and environment each closed by a NUL, and fails if its item says so. */
export function reportModule(sleepMs: number): Uint8Array<ArrayBuffer> {
  const print = (name: string): string => `
    (drop (call $${name}_sizes_get (i32.const 0) (i32.const 4)))
    (drop (call $${name}_get (i32.const 64) (i32.const 16384)))
    (i32.store (i32.const 8) (i32.const 16384))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))`;
  return program({
    imports: IMPORTS,
    fields: '(global $at (mut i32) (i32.const 16384))',
    // At the end the environment still lies at 16384, its size at 12.
    body: `(i32.store (i32.const 16) (i32.const 1))
      (i64.store (i32.const 24) (i64.const ${sleepMs * 1_000_000}))
      (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
      ${print('args')} ${print('environ')}
      (loop $next
        (if (i64.eq (i64.load (global.get $at)) (i64.const ${littleEndian('FOG_ITEM')})) (then
          (if (i32.eq (i32.load8_u offset=9 (global.get $at))
              (i32.const ${FAILING_ITEM.charCodeAt(0)}))
            (then (call $proc_exit (i32.const ${FAILING}))))))
        (global.set $at (i32.add (global.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (global.get $at)
          (i32.add (i32.const 16384) (i32.load (i32.const 12))))))`,
  });
}

/** Prints the output of the job it needs. */
export const NEEDED_FILE = 'needed';
export function passOnModule(): Uint8Array<ArrayBuffer> {
  return showModule(NEEDED_FILE);
}

export const PYTHON = `import os, sys
print(sys.argv[1], os.environ.get("FOG_INDEX", "0"))
`;

/** Undefined when `output` is what the task `index` of the job with this argument prints. */
export function wrongReport(output: string, argument: string, index: number): string | undefined {
  const [, first, ...environment] = output.split('\0');
  if (first !== argument) return `it is the output of ${String(first)}, not of ${argument}`;
  const indexes = environment.filter((each) => each.startsWith('FOG_INDEX='));
  if (indexes.every((each) => each === `FOG_INDEX=${index}`)) return undefined;
  return `it is the output of ${indexes.join(' ')}`;
}

function littleEndian(text: string): bigint {
  return Buffer.from(text, 'latin1').readBigUInt64LE();
}
