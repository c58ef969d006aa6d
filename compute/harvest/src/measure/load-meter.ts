/** How busy this machine is, by anybody. */
import { statfs } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { NodeLoad } from '@fog/wire';

export interface LoadMeter {
  /** The share of the CPU is that since the last call, or since the meter was made. */
  read(): NodeLoad;
}

/** Times of all cores since the machine started. */
interface CpuTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

export interface LoadSources {
  readonly cpuTimes: () => CpuTimes;
  readonly freeMemoryBytes: () => number;
  readonly freeDiskBytes: () => Promise<number | undefined>;
}

export function createLoadMeter(sources: LoadSources): LoadMeter {
  let last = sources.cpuTimes();
  let freeDiskBytes: number | undefined;
  // A disk may answer late: what it said is told with the next reading.
  const lookAtDisk = (): void =>
    void sources.freeDiskBytes().then((bytes) => {
      freeDiskBytes = bytes;
    });
  lookAtDisk();
  return {
    read: () => {
      const now = sources.cpuTimes();
      const totalMs = now.totalMs - last.totalMs;
      const cpu = totalMs > 0 ? (now.busyMs - last.busyMs) / totalMs : 0;
      last = now;
      lookAtDisk();
      return {
        cpu: Math.min(1, Math.max(0, cpu)),
        freeMemoryBytes: sources.freeMemoryBytes(),
        ...(freeDiskBytes === undefined ? {} : { freeDiskBytes }),
      };
    },
  };
}

/** Of this machine; the disk is the one of `dataDir`. */
export function machineSources(dataDir: string): LoadSources {
  return {
    cpuTimes: () => {
      let busyMs = 0;
      let totalMs = 0;
      for (const { times } of cpus()) {
        const { user, nice, sys, irq, idle } = times;
        busyMs += user + nice + sys + irq;
        totalMs += user + nice + sys + irq + idle;
      }
      return { busyMs, totalMs };
    },
    // Within a container, of what its limit leaves.
    freeMemoryBytes: () => process.availableMemory(),
    freeDiskBytes: () => freeDiskBytes(dataDir),
  };
}

/** What a program without privileges may still write; undefined when the disk does not say. */
export async function freeDiskBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
