export { RUNTIME_ERRORS } from './errors.ts';
export type { RuntimeOptions } from './options.ts';
export type { RunEnd, RunRequest, RunSink, Runtime, StagedFile } from './ports.ts';
export { createRuntime, type RuntimeDeps } from './runtime.ts';
