/** The connected nodes as placement sees them, with what was learnt of their speed, programs and trust. */
import type { PlacementNode, RunTimes } from '@fog/scheduler';
import type { Capabilities } from '@fog/wire';
import type { Core } from '../core.ts';
import { placementNode } from '../registry/node-record.ts';

/** How long a node counts for as good as it was drawn: short beside the work it decides about. */
const DRAW_EVERY_MS = 100;
/** A machine is taken to be so many times faster or slower than usual at most, until its runs tell. */
const MAX_CLAIMED_SPEED = 8;

export class FleetView {
  readonly #core: Core;
  readonly #runTimes: RunTimes;
  /** Drawn a moment ago. */
  readonly #trustSamples = new Map<string, number>();
  #drawnMs = -Infinity;
  #held: readonly PlacementNode[] | undefined;

  constructor(core: Core, runTimes: RunTimes) {
    this.#core = core;
    this.#runTimes = runTimes;
  }

  /** As they are now. */
  fresh(): PlacementNode[] {
    const fleet: PlacementNode[] = [];
    const usual = usualSpeed(this.#core);
    for (const node of this.#core.nodes.values()) {
      const { id, link, capabilities } = node;
      if (link === undefined) continue;
      const known = placementNode(this.#core, node, link);
      const speed = this.#runTimes.paceOf(id) ?? claimedSpeed(capabilities, usual);
      const warm = this.#runTimes.ranOn(id);
      const trustSample = this.#trustSample(id);
      fleet.push({ ...known, trustSample, speed, ...(warm === undefined ? {} : { warm }) });
    }
    return fleet;
  }

  /** As they are in this round, until `forget`. */
  hold(): readonly PlacementNode[] {
    return (this.#held ??= this.fresh());
  }

  /** As they are in this round, or between rounds as they are now. */
  get known(): readonly PlacementNode[] {
    return this.#held ?? this.fresh();
  }

  /** One of them was given a lease or lost one, or the round is over. */
  forget(): void {
    this.#held = undefined;
  }

  /** One draw for all rounds of a moment: thousands of nodes are not drawn for again with each result. */
  #trustSample(node: string): number {
    const { reputation, clock, verify } = this.#core;
    if (clock.monotonicMs() - this.#drawnMs >= DRAW_EVERY_MS) {
      this.#trustSamples.clear();
      this.#drawnMs = clock.monotonicMs();
    }
    const drawn = this.#trustSamples.get(node);
    if (drawn !== undefined) return drawn;
    const sample = reputation.sample(node, clock.now(), verify.random);
    this.#trustSamples.set(node, sample);
    return sample;
  }
}

/** Relative to the usual one, as far as a machine is believed. */
function claimedSpeed({ speed }: Capabilities, usual: number): number {
  return speed === undefined
    ? 1
    : Math.min(MAX_CLAIMED_SPEED, Math.max(1 / MAX_CLAIMED_SPEED, speed / usual));
}

/** Mean of what the connected machines measured of themselves. */
function usualSpeed({ nodes }: Core): number {
  let sum = 0;
  let count = 0;
  for (const { link, capabilities } of nodes.values()) {
    if (link === undefined || capabilities.speed === undefined) continue;
    sum += capabilities.speed;
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}
