import { readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second for programs, whatever the kernel ticks at. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

export interface ProcessSample {
  readonly residentBytes: number;
  readonly cpuMs: number;
}

/** What the kernel says of a process; undefined when it is gone or the system has no /proc. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const statm = readFileSync(`/proc/${pid}/statm`, 'latin1');
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in parentheses and may hold spaces: count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { residentBytes: Number(statm.split(' ')[1]) * PAGE_BYTES, cpuMs: ticks * MS_PER_TICK };
  } catch {
    return undefined;
  }
}

/** The innermost process below `pid`: inside a container the program is the last of a chain of single children. */
export function innermostChild(pid: number): number {
  let current = pid;
  for (let depth = 0; depth < 8; depth += 1) {
    const child = firstChild(current);
    if (child === undefined) break;
    current = child;
  }
  return current;
}

function firstChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}
