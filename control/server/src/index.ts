export {
  createServiceManager,
  type ServiceManager,
  type ServiceManagerDeps,
  type ServiceManagerOptions,
  type Services,
} from './service-manager/service-manager.ts';
export {
  type Caller,
  createCredentials,
  type Credentials,
  type Operator,
  type Role,
} from './auth/credentials.ts';
export { createRoster, type Roster } from './coordinators/roster.ts';
export { createEnrolment, type Enrolment } from './auth/enrolment.ts';
export { SERVER_ERRORS } from './errors.ts';
export {
  type ApiServer,
  type ApiServerDeps,
  type ApiServerOptions,
  createApiServer,
} from './http/api-server.ts';
export type { HostPort, ListenOptions } from './http/listen-addresses.ts';
export type { AgentSocketCounters } from './sockets/agent-ports.ts';
export type { Access } from './http/access.ts';
export type { RouteEntry } from './http/route-table.ts';
export { createMetrics, type Metrics, type MetricSink } from './metrics/metrics.ts';
export type { MixnetApi } from './mixnet/mixnet-api.ts';
