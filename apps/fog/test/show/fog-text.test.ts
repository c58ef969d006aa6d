import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceStatus } from '@fog/wire';
import { servicesTable } from '../../src/show/fog-text.ts';

function service(name: string, health: ServiceStatus['health'], detail?: string): ServiceStatus {
  const base = { name, health, requires: [], wants: [], restarts: 1, since: 0 };
  return { ...base, state: 'running', ...(detail === undefined ? {} : { detail }) };
}

describe('the table of services', () => {
  it('has one row for those of a kind', () => {
    const lines = servicesTable([
      service('api', 'healthy'),
      service('authority-1', 'healthy'),
      service('authority-2', 'healthy'),
      service('relay-1', 'healthy'),
      service('relay-2', 'degraded', 'it has no consensus'),
    ]).split('\n');
    assert.equal(lines.length, 5);
    assert.match(lines[1] ?? '', /^api +running +healthy +1$/);
    assert.match(lines[2] ?? '', /^authorities +running +2 of 2 healthy +2$/);
    assert.match(lines[3] ?? '', /^relays +running +1 of 2 healthy +2 +relay-2: it has no cons/);
  });
});
