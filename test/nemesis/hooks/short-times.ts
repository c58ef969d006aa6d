/** Leases, heartbeats and the patience with silent nodes are a quarter of what they are in the product. */
import { editSources } from './source-edits.ts';

const OPTIONS = '/control/coordinator/src/options.ts';
const SERVER = '/control/server/src/http/api-server.ts';

editSources([
  { file: OPTIONS, from: 'leaseMs: 30_000', to: 'leaseMs: 7_500' },
  { file: OPTIONS, from: 'suspectMs: 45_000', to: 'suspectMs: 11_250' },
  { file: OPTIONS, from: 'deadMs: 90_000', to: 'deadMs: 22_500' },
  { file: SERVER, from: 'heartbeatMs ?? 15_000', to: 'heartbeatMs ?? 3_750' },
  { file: SERVER, from: 'leasedHeartbeatMs ?? 10_000', to: 'leasedHeartbeatMs ?? 2_500' },
]);
