import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { type Capabilities, FOG_VERSION } from '@fog/wire';
import type { Runtime } from '@fog/runtime';
import { countGpus } from '../measure/gpus.ts';
import { freeDiskBytes } from '../measure/load-meter.ts';

export interface Machine {
  readonly slots: number;
  /** Its disk is the one tasks may fill. */
  readonly dataDir: string;
  /** Fuel a second of one core. */
  readonly speed: number | undefined;
}

/** What this machine has, measured; the runtime has been started. */
export async function measureCapabilities(
  { slots, dataDir, speed }: Machine,
  runtime: Runtime,
): Promise<Capabilities> {
  const diskBytes = await freeDiskBytes(dataDir);
  return {
    platform: platform(),
    arch: arch(),
    cores: availableParallelism(),
    memoryBytes: usableMemoryBytes(),
    slots,
    sandboxLevel: runtime.level,
    runtimes: [...runtime.runtimes],
    ...(runtime.versions === undefined ? {} : { runtimeVersions: runtime.versions }),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    gpus: await countGpus(),
    ...(speed === undefined ? {} : { speed }),
    version: FOG_VERSION,
  };
}

/** A container's limit counts, not the memory of the machine around it. */
function usableMemoryBytes(): number {
  const limitBytes = process.constrainedMemory();
  return limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
}
