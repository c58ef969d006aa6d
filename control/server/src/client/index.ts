export { createClient } from './create-client.ts';
export type { CallOptions, ClientOptions, FogClient } from './fog-client.ts';
