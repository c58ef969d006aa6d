/** Counts of the fleet, now and each minute of the last day. */
import { TopologySnapshot, type Topology } from '@fog/wire';
import type { Core } from '../core.ts';
import type { Registry } from './registry.ts';

/** Between two snapshots. */
const SNAPSHOT_MS = 60_000;
/** Snapshots kept: a day of them. */
const MAX_SNAPSHOTS = 1_440;

export class TopologyBook {
  readonly #core: Core;
  readonly #registry: Registry;
  #stop: (() => void) | undefined;

  constructor(core: Core, registry: Registry) {
    this.#core = core;
    this.#registry = registry;
  }

  start(): void {
    this.#stop = this.#core.clock.every(SNAPSHOT_MS, () => {
      this.#store().catch((error: unknown) => {
        this.#core.logger.warn('a topology snapshot was not stored', { error });
      });
    });
  }

  stop(): void {
    this.#stop?.();
  }

  async view(): Promise<Topology> {
    const rows = await this.#core.store.db
      .selectFrom('topology_snapshot')
      .select('snapshot')
      .orderBy('time', 'desc')
      .limit(MAX_SNAPSHOTS)
      .execute();
    return {
      now: this.#snapshot(),
      links: this.#registry
        .views()
        .filter((node) => node.status !== 'offline' && node.status !== 'dead')
        .map(({ id, rttMs, bandwidthMbps }) => ({
          node: id,
          ...(rttMs === undefined ? {} : { rttMs }),
          ...(bandwidthMbps === undefined ? {} : { bandwidthMbps }),
        })),
      history: rows.reverse().map((row) => TopologySnapshot.parse(JSON.parse(row.snapshot))),
    };
  }

  #snapshot(): TopologySnapshot {
    const byType: TopologySnapshot['byType'] = {};
    const byStatus: TopologySnapshot['byStatus'] = {};
    const capacity = { slots: 0, freeSlots: 0, cores: 0, memoryBytes: 0 };
    const nodes = this.#registry.views();
    for (const { status, profile, capabilities, running } of nodes) {
      byType[profile.type] = (byType[profile.type] ?? 0) + 1;
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      if (status !== 'active' && status !== 'idle' && status !== 'busy') continue;
      capacity.slots += capabilities.slots;
      capacity.freeSlots += Math.max(0, capabilities.slots - running);
      capacity.cores += capabilities.cores;
      capacity.memoryBytes += capabilities.memoryBytes;
    }
    // Agents say how large they are: what some make up must not make the sum unreadable.
    capacity.cores = Math.min(capacity.cores, Number.MAX_SAFE_INTEGER);
    capacity.memoryBytes = Math.min(capacity.memoryBytes, Number.MAX_SAFE_INTEGER);
    return { time: this.#core.clock.now(), nodes: nodes.length, byType, byStatus, capacity };
  }

  async #store(): Promise<void> {
    const snapshot = this.#snapshot();
    await this.#core.store.write(async (trx) => {
      await trx
        .insertInto('topology_snapshot')
        .values({ time: snapshot.time, snapshot: JSON.stringify(snapshot) })
        .onConflict((c) => c.column('time').doNothing())
        .execute();
      await trx
        .deleteFrom('topology_snapshot')
        .where('time', '<', snapshot.time - SNAPSHOT_MS * MAX_SNAPSHOTS)
        .execute();
    });
  }
}
