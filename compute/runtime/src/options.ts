import type { SandboxLevel } from '@fog/wire';

export interface RuntimeOptions {
  /** Private directory of the runtime (snapshots, caches); made with mode 0700. */
  readonly dataDir: string;
  /** Tasks at once, each in a process of its own. */
  readonly slots: number;
  /** `auto`: the strongest level whose probe passes. A named level that does not pass is an error. */
  readonly level: SandboxLevel | 'auto';
}
