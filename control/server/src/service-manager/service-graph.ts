import type { Service } from '@fog/kernel';
import { fail } from '../errors.ts';

export interface ServiceGraph {
  readonly names: readonly string[];
  /** What must have settled before `name` starts: its requirements, and its wants that exist. */
  before(name: string): readonly string[];
  /** `name` and, transitively, all that require it: what stops when it stops. */
  affected(name: string): ReadonlySet<string>;
}

type Edges = Pick<Service, 'name' | 'requires' | 'wants'>;

/** Throws SERVICE_DUPLICATE, SERVICE_UNKNOWN_REQUIREMENT and SERVICE_CYCLE, which names the cycle. */
export function createServiceGraph(services: readonly Edges[]): ServiceGraph {
  const byName = new Map<string, Edges>();
  for (const service of services) {
    if (byName.has(service.name)) {
      throw fail('SERVICE_DUPLICATE', {
        message: `Two services have the name "${service.name}".`,
        details: { service: service.name },
      });
    }
    byName.set(service.name, service);
  }
  const before = new Map<string, string[]>();
  for (const service of services) before.set(service.name, startsAfter(service, byName));
  refuseCycle(before);
  return {
    names: services.map((service) => service.name),
    before: (name) => before.get(name) ?? [],
    affected: (name) => affectedBy(name, services),
  };
}

function startsAfter(service: Edges, byName: ReadonlyMap<string, Edges>): string[] {
  for (const name of service.requires ?? []) {
    if (byName.has(name)) continue;
    throw fail('SERVICE_UNKNOWN_REQUIREMENT', {
      message: `Service "${service.name}" requires "${name}", which is not there.`,
      details: { service: service.name, requires: name },
    });
  }
  const wants = (service.wants ?? []).filter((name) => byName.has(name));
  return [...new Set([...(service.requires ?? []), ...wants])];
}

function refuseCycle(before: ReadonlyMap<string, readonly string[]>): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    const start = path.indexOf(name);
    if (start !== -1) {
      const cycle = [...path.slice(start), name];
      throw fail('SERVICE_CYCLE', {
        message: `Services wait for each other in a circle: ${cycle.join(' → ')}.`,
        details: { cycle },
      });
    }
    for (const next of before.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of before.keys()) visit(name, []);
}

function affectedBy(name: string, services: readonly Edges[]): ReadonlySet<string> {
  const affected = new Set([name]);
  let sizeBefore = 0;
  while (affected.size > sizeBefore) {
    sizeBefore = affected.size;
    for (const service of services) {
      if ((service.requires ?? []).some((required) => affected.has(required))) {
        affected.add(service.name);
      }
    }
  }
  return affected;
}
