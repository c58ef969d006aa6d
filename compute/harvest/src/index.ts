export { type Agent, type AgentCounts, createAgent } from './agent.ts';
export { AGENT_ERRORS } from './errors.ts';
export type { AgentOptions, AgentStatus } from './options.ts';
export type { AgentDeps } from './ports.ts';
export {
  createLocalRunner,
  type LocalRunnerDeps,
  type LocalTask,
  type RunLocally,
} from './work/local-runner.ts';
