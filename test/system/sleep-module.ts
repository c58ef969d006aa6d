import { writeFile } from 'node:fs/promises';
import { program } from '@fog/testkit';

export const SLEPT = 'slept\n';

/** Writes a program that sleeps by `poll_oneoff`, prints SLEPT and ends. */
export async function writeSleepModule(file: string, sleepMs: number): Promise<void> {
  const module = program({
    imports: ['poll_oneoff', 'fd_write'],
    fields: '(data (i32.const 200) "slept\\n")',
    body: `(i32.store (i32.const 16) (i32.const 1))
      (i64.store (i32.const 24) (i64.const ${sleepMs * 1_000_000}))
      (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
      (i32.store (i32.const 300) (i32.const 200))
      (i32.store (i32.const 304) (i32.const ${SLEPT.length}))
      (drop (call $fd_write (i32.const 1) (i32.const 300) (i32.const 1) (i32.const 308)))`,
  });
  await writeFile(file, module);
}
