import { writeFile } from 'node:fs/promises';
import { program } from '@fog/testkit';

export const TICK = 'tick\n';

/** Writes a program that prints TICK each `periodMs`, and never ends. */
export async function writeTickModule(file: string, periodMs: number): Promise<void> {
  const module = program({
    imports: ['poll_oneoff', 'fd_write'],
    fields: '(data (i32.const 200) "tick\\n")',
    // A subscription to the monotonic clock: type at 8, clock at 16, timeout at 24.
    body: `(loop $forever
      (i32.store (i32.const 300) (i32.const 200))
      (i32.store (i32.const 304) (i32.const ${TICK.length}))
      (drop (call $fd_write (i32.const 1) (i32.const 300) (i32.const 1) (i32.const 308)))
      (i32.store (i32.const 16) (i32.const 1))
      (i64.store (i32.const 24) (i64.const ${periodMs * 1_000_000}))
      (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
      (br $forever))`,
  });
  await writeFile(file, module);
}
