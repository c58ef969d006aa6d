/** The descriptors an authority holds: of each relay those of a few epochs, newest revision. */
import { blake2b, sameBytes } from '@fog/crypto';
import { epochAt, type MixNetwork } from '../network.ts';
import { type OpenedDescriptor, openDescriptor } from './descriptor.ts';
import type { RelayDescriptor } from './documents.ts';
import type { Read } from './fields.ts';
import { MAX_RELAYS } from './limits.ts';
import { skewTolerance } from './open-consensus.ts';

export type UploadVerdict =
  | { readonly ok: true; readonly fresh: boolean; readonly opened: OpenedDescriptor }
  | { readonly ok: false; readonly refusal: UploadRefusal; readonly reason: string };

export type UploadRefusal =
  | 'malformed'
  | 'too-early'
  | 'too-late'
  | 'conflict'
  | 'full'
  | 'not-admitted';

export interface HeldDescriptor {
  readonly opened: OpenedDescriptor;
  /** Last upload by the relay itself. */
  readonly receivedMs: number;
  /** Since when it uploads without a gap. */
  readonly sinceMs: number;
}

/** What is kept of one descriptor over a restart. */
export interface StoredDescriptor {
  readonly packed: Uint8Array;
  readonly receivedMs: number;
  readonly sinceMs: number;
}

export interface DescriptorStore {
  /** `fromRelay` is false for those found in a peer's vote: they say nothing of the relay being there now. */
  add(packed: Uint8Array, nowMs: number, fromRelay: boolean): UploadVerdict;
  /** Checks a descriptor, or knows that it did. */
  open(packed: Uint8Array): Read<OpenedDescriptor>;
  /** For a consensus of this epoch: the newest of each relay with keys for it and the next, by id. */
  choose(epoch: number): HeldDescriptor[];
  /** Drops what no consensus can use any more. */
  expire(nowMs: number): void;
  snapshot(): StoredDescriptor[];
  restore(stored: readonly StoredDescriptor[]): void;
  readonly size: number;
}

/** Whether a relay may join this network; the default admits all. */
export type AdmitRelay = (descriptor: RelayDescriptor) => boolean;

interface RelayEntry {
  readonly byEpoch: Map<number, OpenedDescriptor>;
  receivedMs: number;
  sinceMs: number;
}

/** Checked descriptors remembered by their hash: all votes of a round hold the same ones. */
const MAX_KNOWN = MAX_RELAYS * 4;

export function createDescriptorStore(network: MixNetwork, admit: AdmitRelay): DescriptorStore {
  const relays = new Map<string, RelayEntry>();
  const { epochMs, name } = network;

  const open = createOpener(name);

  const place = (opened: OpenedDescriptor, nowMs: number, fromRelay: boolean): UploadVerdict => {
    const { descriptor } = opened;
    const entry = relays.get(descriptor.id);
    if (entry === undefined && relays.size >= MAX_RELAYS) {
      return refuse('full', `the network has ${MAX_RELAYS} relays already`);
    }
    const late = orderRefusal(opened, entry);
    if (late !== undefined) return late;
    const held = entry?.byEpoch.get(descriptor.epoch);
    const fresh = held === undefined || !sameBytes(held.packed, opened.packed);
    const kept = entry ?? { byEpoch: new Map(), receivedMs: nowMs, sinceMs: nowMs };
    if (fresh || fromRelay) {
      if (nowMs - kept.receivedMs > 2 * epochMs) kept.sinceMs = nowMs;
      kept.receivedMs = nowMs;
    }
    if (fresh) {
      dropContradicted(kept.byEpoch, descriptor);
      kept.byEpoch.set(descriptor.epoch, opened);
    }
    relays.set(descriptor.id, kept);
    return { ok: true, fresh, opened };
  };

  return {
    get size() {
      return relays.size;
    },
    open,
    add: (packed, nowMs, fromRelay) => {
      const read = open(packed);
      if (!read.ok) return refuse('malformed', read.reason);
      const early = windowRefusal(read.value.descriptor, network, nowMs);
      if (early !== undefined) return early;
      if (!admit(read.value.descriptor)) {
        return refuse('not-admitted', 'this network does not admit the relay');
      }
      return place(read.value, nowMs, fromRelay);
    },
    choose: (epoch) => chooseFor(relays, epoch),
    expire: (nowMs) => {
      const epoch = epochAt(epochMs, nowMs);
      for (const [id, { byEpoch }] of relays) {
        for (const each of byEpoch.keys()) if (each < epoch - 1) byEpoch.delete(each);
        if (byEpoch.size === 0) relays.delete(id);
      }
    },
    snapshot: () =>
      [...relays.values()].flatMap(({ byEpoch, receivedMs, sinceMs }) =>
        [...byEpoch.values()].map(({ packed }) => ({ packed, receivedMs, sinceMs })),
      ),
    restore: (stored) => {
      for (const { packed, receivedMs, sinceMs } of stored) {
        const read = open(packed);
        if (!read.ok) continue;
        const { id, epoch } = read.value.descriptor;
        const entry = relays.get(id) ?? { byEpoch: new Map(), receivedMs, sinceMs };
        entry.byEpoch.set(epoch, read.value);
        relays.set(id, entry);
      }
    },
  };
}

function chooseFor(relays: ReadonlyMap<string, RelayEntry>, epoch: number): HeldDescriptor[] {
  return [...relays.keys()].sort().flatMap((id) => {
    const { byEpoch, receivedMs, sinceMs } = relays.get(id) as RelayEntry;
    const opened = byEpoch.get(epoch) ?? byEpoch.get(epoch - 1);
    return opened === undefined ? [] : [{ opened, receivedMs, sinceMs }];
  });
}

function createOpener(network: string): DescriptorStore['open'] {
  const known = new Map<string, OpenedDescriptor>();
  return (packed) => {
    const key = hashText(packed);
    const found = known.get(key);
    if (found !== undefined) return { ok: true, value: found };
    const opened = openDescriptor(packed, network);
    if (!opened.ok) return opened;
    const oldest = known.size >= MAX_KNOWN ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, opened.value);
    return opened;
  };
}

/** Relays publish for the present epoch or the next. */
function windowRefusal(
  { epoch }: RelayDescriptor,
  { epochMs }: MixNetwork,
  nowMs: number,
): UploadVerdict | undefined {
  const tolerance = skewTolerance(epochMs);
  if (epoch > epochAt(epochMs, nowMs + tolerance) + 1) {
    return refuse('too-early', `its epoch ${epoch} has not come near: check the relay's clock`);
  }
  if (epoch < epochAt(epochMs, nowMs - tolerance) - 1) {
    return refuse('too-late', `its epoch ${epoch} is over: check the relay's clock`);
  }
  return undefined;
}

function orderRefusal(
  { descriptor, packed }: OpenedDescriptor,
  entry: RelayEntry | undefined,
): UploadVerdict | undefined {
  const held = entry?.byEpoch.get(descriptor.epoch);
  if (held === undefined || held.descriptor.revision < descriptor.revision) return undefined;
  if (held.descriptor.revision > descriptor.revision) {
    return refuse('too-late', `revision ${held.descriptor.revision} of this epoch is here already`);
  }
  return sameBytes(held.packed, packed)
    ? undefined
    : refuse('conflict', 'another descriptor with this epoch and revision is here already');
}

/** A relay that lost its keys publishes new ones: what it said of the same epochs before is void. */
function dropContradicted(byEpoch: Map<number, OpenedDescriptor>, next: RelayDescriptor): void {
  for (const [epoch, { descriptor }] of byEpoch) {
    if (descriptor.mixKeys.some((key) => contradicts(key, next))) byEpoch.delete(epoch);
  }
}

function contradicts(
  { epoch, key }: RelayDescriptor['mixKeys'][number],
  { mixKeys }: RelayDescriptor,
): boolean {
  const other = mixKeys.find((each) => each.epoch === epoch);
  return other !== undefined && !sameBytes(other.key, key);
}

function refuse(refusal: UploadRefusal, reason: string): UploadVerdict {
  return { ok: false, refusal, reason };
}

function hashText(packed: Uint8Array): string {
  const hash = new Uint8Array(16);
  blake2b(hash, packed);
  return Buffer.from(hash).toString('base64');
}
