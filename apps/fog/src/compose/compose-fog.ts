/** The whole fog of one process: store, coordinator, API and worker under one service manager. */
import path from 'node:path';
import { createCoordinator } from '@fog/coordinator';
import { openIdentity } from '@fog/crypto';
import type { Clock, Logger, Service } from '@fog/kernel';
import {
  createApiServer,
  createCredentials,
  createEnrolment,
  createServiceManager,
  type Services,
} from '@fog/server';
import { lockDirectory, openBlobs, openStore } from '@fog/store';
import type { JoinCode } from '@fog/wire';
import type { SandboxChoice } from '../run/run-flags.ts';
import { composeAgent } from './compose-agent.ts';
import { openOperatorToken } from './operator-token.ts';
import { createStoreService } from './store-service.ts';
import { createWorkerService } from './worker-service.ts';

export interface ComposeFogOptions {
  readonly dataDir: string;
  /** Snapshots and caches of sandboxes; outlives an embedded fog. */
  readonly runtimesDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: this process runs no tasks. */
  readonly worker: { readonly slots: number; readonly sandbox: SandboxChoice } | undefined;
}

export interface ComposeFogDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningFog extends AsyncDisposable {
  readonly fogId: string;
  readonly url: string;
  readonly token: string;
  readonly services: Services;
  /** What to say of a sandbox that is weaker than it could be, with the remedy. */
  readonly sandboxNote: string | undefined;
  invite(): Promise<JoinCode>;
}
