import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { type Capabilities, FOG_VERSION } from '@fog/wire';
import type { Runtime } from '@fog/runtime';

/** What this machine has, measured; the runtime has been started. */
export function measureCapabilities(slots: number, runtime: Runtime): Capabilities {
  return {
    platform: platform(),
    arch: arch(),
    cores: availableParallelism(),
    memoryBytes: usableMemoryBytes(),
    slots,
    sandboxLevel: runtime.level,
    runtimes: [...runtime.runtimes],
    ...(runtime.versions === undefined ? {} : { runtimeVersions: runtime.versions }),
    version: FOG_VERSION,
  };
}

/** A container's limit counts, not the memory of the machine around it. */
function usableMemoryBytes(): number {
  const limitBytes = process.constrainedMemory();
  return limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
}
