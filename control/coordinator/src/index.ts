export type {
  AgentLink,
  AgentSession,
  CoordinatorApi,
  FogListener,
  JobListener,
  OutputEvent,
  WaitOptions,
} from './api.ts';
export { type CoordinatorDeps, createCoordinator } from './coordinator.ts';
export { COORDINATOR_ERRORS } from './errors.ts';
export { EventReplay } from './live/event-replay.ts';
export type { RelayEvidence, RelayReputation } from './reputation/relay-evidence.ts';
export type { Reexecution, Rerun } from './verify/verify-state.ts';
export { type CoordinatorOptions, defaultCoordinatorOptions } from './options.ts';
