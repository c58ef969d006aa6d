import { fail } from '../errors.ts';
import type { RouteDeps } from './ports.ts';

/** Throws SERVER_SERVICE_DOWN with the cause when the coordinator does not run. */
export function refuseWhileDown(deps: Pick<RouteDeps, 'coordinator' | 'services'>): void {
  const service = deps.coordinator.name;
  const status = deps.services().status(service);
  if (status === undefined || status.state === 'running') return;
  const cause = status.detail ?? `it is ${status.state}`;
  throw fail('SERVER_SERVICE_DOWN', {
    message: `The service "${service}" is down: ${cause}`,
    details: { service, state: status.state, cause },
  });
}
