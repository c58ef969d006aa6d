/**
 * The mix keys of one relay over time: made two epochs ahead, open in their epoch and a little before and
 * after it, then erased. Each has its replay filter and the seed of its delays.
 */
import { type RandomFill, type VrfEvaluation, type VrfKey, zeroBytes } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import type { MixKey } from '@fog/sphinx';
import { vrfInput } from '../directory/vrf-input.ts';
import { epochAt, epochStart } from '../network.ts';
import { WINDOW_OF_EPOCH } from './limits.ts';
import type { LaneKeys } from './peel-lane.ts';
import {
  createReplayFilter,
  type ReplayFilter,
  type ReplayFilterOptions,
  type SavedSegment,
} from './replay-filter.ts';

export interface KeyRingOptions {
  readonly epochMs: number;
  readonly filter: ReplayFilterOptions;
}

export interface KeyRingDeps {
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly keys: LaneKeys;
  readonly vrf: VrfKey;
  /** The shared random value for the delays of an epoch. */
  readonly sharedRandom: (epoch: number) => Uint8Array;
  /** Called after the epoch began or a key was made, opened, closed or erased. */
  readonly onChange: () => void;
}

export interface SavedKey {
  readonly epoch: number;
  readonly secretKey: Uint8Array;
  readonly filter: { readonly secret: Uint32Array; readonly segments: readonly SavedSegment[] };
}

export interface KeyEpoch {
  readonly epoch: number;
  readonly key: MixKey;
  readonly filter: ReplayFilter;
  open: boolean;
  /** What its delays are drawn from, from the first delay on. */
  seed: DelaySeed | undefined;
}

export interface DelaySeed extends VrfEvaluation {
  readonly sharedRandom: Uint8Array;
}

/** What the epoch byte of a packet says before anything else is looked at. */
export type EpochVerdict = 'open' | 'cross-epoch' | 'no-key';

/** Epochs so near are a matter of clocks and windows; others were never this relay's. */
const NEAR_EPOCHS = 4;

export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #deps: KeyRingDeps;
  readonly #held = new Map<number, KeyEpoch>();
  readonly #byByte: (KeyEpoch | undefined)[] = Array.from({ length: 256 }, () => undefined);
  #epoch = 0;
  #cancel = (): void => {};

  constructor(options: KeyRingOptions, deps: KeyRingDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** By epoch. */
  get held(): readonly KeyEpoch[] {
    return [...this.#held.values()].sort((a, b) => a.epoch - b.epoch);
  }

  start(saved: readonly SavedKey[]): void {
    for (const key of saved) this.#restore(key);
    this.#update();
  }

  /** Copies for the key file; the keys themselves stay until `erase`. */
  save(): SavedKey[] {
    return this.held.map(({ epoch, key, filter }) => ({
      epoch,
      secretKey: key.secretKey.slice(),
      filter: filter.save(),
    }));
  }

  stop(): void {
    this.#cancel();
    for (const { epoch } of this.held) this.#erase(epoch);
  }

  /** Cheap: it is asked for every packet before it is copied. */
  admit(epochByte: number): EpochVerdict {
    const key = this.#byByte[epochByte];
    if (key?.open === true) return 'open';
    const distance = (epochByte - (this.#epoch % 256) + 256) % 256;
    return distance <= NEAR_EPOCHS || distance >= 256 - NEAR_EPOCHS ? 'cross-epoch' : 'no-key';
  }

  /** The key a packet with this epoch byte was peeled with, unless it was closed since. */
  openKey(epochByte: number): KeyEpoch | undefined {
    const key = this.#byByte[epochByte];
    return key?.open === true ? key : undefined;
  }

  publicKey(epoch: number): Uint8Array | undefined {
    return this.#held.get(epoch)?.key.publicKey;
  }

  /** Drawn once for each epoch, so that every delay of it can be checked with one proof. */
  seedOf(key: KeyEpoch): DelaySeed {
    key.seed ??= this.#prove(key.epoch);
    return key.seed;
  }

  #prove(epoch: number): DelaySeed {
    const sharedRandom = this.#deps.sharedRandom(epoch);
    return { sharedRandom, ...this.#deps.vrf.prove(vrfInput(epoch, sharedRandom)) };
  }

  /** Follows the clock, also where it jumped. */
  readonly #update = (): void => {
    const { epochMs } = this.#options;
    const nowMs = this.#deps.clock.now();
    const epoch = epochAt(epochMs, nowMs);
    const sinceMs = nowMs - epochStart(epochMs, epoch);
    const windowMs = epochMs * WINDOW_OF_EPOCH;
    const first = sinceMs < windowMs ? epoch - 1 : epoch;
    const lastOpen = sinceMs >= epochMs - windowMs ? epoch + 1 : epoch;
    this.#epoch = epoch;
    for (const held of this.held) {
      if (held.epoch < first || held.epoch > epoch + 2) this.#erase(held.epoch);
    }
    for (let next = epoch; next <= epoch + 2; next += 1) {
      if (!this.#held.has(next)) this.#create(next);
    }
    for (const held of this.#held.values()) {
      const open = held.epoch <= lastOpen;
      if (held.open === open) continue;
      held.open = open;
      this.#deps.keys.setOpen(held.epoch, open);
    }
    const boundaries = [windowMs, epochMs - windowMs, epochMs];
    const boundary = boundaries.find((each) => each > sinceMs) ?? epochMs;
    // Never longer than a third of the window: a clock that is set while this waits is noticed in time.
    const waitMs = Math.max(1, Math.min(boundary - sinceMs, windowMs / 3));
    this.#cancel();
    this.#cancel = this.#deps.clock.after(waitMs, this.#update);
    this.#deps.onChange();
  };

  #create(epoch: number): void {
    const secret = new Uint32Array(4);
    this.#deps.random(new Uint8Array(secret.buffer));
    const key = this.#deps.keys.create(epoch, this.#deps.random);
    this.#hold(key, createReplayFilter(this.#options.filter, secret));
  }

  #restore({ epoch, secretKey, filter }: SavedKey): void {
    const key = this.#deps.keys.create(epoch, (bytes) => bytes.set(secretKey));
    zeroBytes(secretKey);
    this.#hold(key, createReplayFilter(this.#options.filter, filter.secret, filter.segments));
  }

  #hold(key: MixKey, filter: ReplayFilter): void {
    const held: KeyEpoch = { epoch: key.epoch, key, filter, open: false, seed: undefined };
    this.#held.set(key.epoch, held);
    this.#byByte[key.epoch % 256] = held;
  }

  #erase(epoch: number): void {
    this.#deps.keys.erase(epoch);
    this.#held.delete(epoch);
    this.#byByte[epoch % 256] = undefined;
  }
}
