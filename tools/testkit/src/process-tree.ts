/** Processes and their descendants as Linux shows them under /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** A process id with its start time, so that a reused number is not mistaken for the process. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: string;
  readonly command: string;
}

interface ProcessStat extends ProcessRef {
  readonly parent: number;
  readonly session: number;
  readonly zombie: boolean;
}

function readStat(pid: string): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; fields count from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return {
      pid: Number(pid),
      startTicks: fields[19] ?? '',
      command,
      parent: Number(fields[1]),
      session: Number(fields[3]),
      zombie: fields[0] === 'Z' || fields[0] === 'X',
    };
  } catch {
    return undefined;
  }
}

function allProcesses(): ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(readStat).filter((stat) => stat !== undefined);
}

/** All that descend from the process, or still are in the session it leads; itself left out. */
export function descendants(pid: number): ProcessRef[] {
  const all = allProcesses();
  const family = new Set([pid]);
  for (let grown = true; grown;) {
    const before = family.size;
    for (const each of all) {
      if (family.has(each.parent) || each.session === pid) family.add(each.pid);
    }
    grown = family.size > before;
  }
  return all.filter((each) => each.pid !== pid && family.has(each.pid) && !each.zombie);
}

export function isAlive(ref: ProcessRef): boolean {
  const stat = readStat(String(ref.pid));
  return stat !== undefined && !stat.zombie && stat.startTicks === ref.startTicks;
}

/** Signals the process if it is still there: one that ended just before is no error. */
export function signalProcess(ref: ProcessRef, signal: NodeJS.Signals): void {
  if (!isAlive(ref)) return;
  try {
    process.kill(ref.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
