/**
 * A second implementation of docs/reference/sphinx.md, written from that page: slow, obvious, and
 * without a line of the first one. Both must agree on every byte.
 */
import {
  hash,
  join,
  kdf,
  mac,
  publicKeyOf,
  stream,
  text,
  u64,
  X25519,
  xor,
  zeros,
} from './primitives.ts';

export interface PlainHop {
  readonly id: Uint8Array;
  readonly R: Uint8Array;
  readonly epoch: number;
  readonly delayClass: number;
}

export interface PlainEnd {
  /** Instead of the other fields: the whole slot, which may then be wrong. */
  readonly slot?: Uint8Array;
  readonly command?: 'deliver' | 'reply' | 'drop';
  readonly id?: Uint8Array;
  readonly surbId?: Uint8Array;
}

export type TakeRandom = (sizeBytes: number) => Uint8Array;

interface Keys {
  readonly macKey: Uint8Array;
  readonly streamKey: Uint8Array;
  readonly k: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  readonly replayTag: Uint8Array;
  readonly delayTag: Uint8Array;
}

const SLOT = 72;
const COMMAND = { forward: 1, deliver: 2, reply: 3, drop: 4 };

function sharedSecret(epoch: number, dh: Uint8Array, c: Uint8Array, R: Uint8Array): Uint8Array {
  return hash(32, join(text('fog-sphinx-kem-v1'), Uint8Array.of(1), u64(epoch), dh, c, R));
}

function keysOf(ss: Uint8Array): Keys {
  const [one, two, three, four] = [kdf(ss, 1, 64), kdf(ss, 2, 64), kdf(ss, 3, 64), kdf(ss, 4, 32)];
  return {
    macKey: one.slice(0, 32),
    streamKey: one.slice(32),
    k: [two.slice(0, 32), two.slice(32), three.slice(0, 32), three.slice(32)],
    replayTag: four.slice(0, 16),
    delayTag: four.slice(16),
  };
}

export function E({ k: [k1, k2, k3, k4] }: Keys, p: Uint8Array): Uint8Array {
  let L: Uint8Array = p.slice(0, 32);
  let R: Uint8Array = p.slice(32);
  R = xor(R, stream(xor(L, k1), R.length));
  L = xor(L, mac(32, k2, R));
  R = xor(R, stream(xor(L, k3), R.length));
  L = xor(L, mac(32, k4, R));
  return join(L, R);
}

export function D({ k: [k1, k2, k3, k4] }: Keys, p: Uint8Array): Uint8Array {
  let L: Uint8Array = p.slice(0, 32);
  let R: Uint8Array = p.slice(32);
  L = xor(L, mac(32, k4, R));
  R = xor(R, stream(xor(L, k3), R.length));
  L = xor(L, mac(32, k2, R));
  R = xor(R, stream(xor(L, k1), R.length));
  return join(L, R);
}

function endSlot(end: PlainEnd, delayClass: number): Uint8Array {
  if (end.slot !== undefined) return end.slot;
  const { command = 'drop', id = zeros(16), surbId = zeros(16) } = end;
  const first = Uint8Array.of(COMMAND[command]);
  return join(first, id, Uint8Array.of(delayClass), zeros(6), surbId, zeros(32));
}

export interface PlainHeader {
  readonly header: Uint8Array;
  readonly ss: readonly Uint8Array[];
}

export function plainHeader(
  hops: readonly PlainHop[],
  end: PlainEnd,
  random: TakeRandom,
): PlainHeader {
  const n = hops.length;
  const made = hops.map(({ R, epoch, id, delayClass }) => {
    const x = random(32);
    const c = publicKeyOf(x);
    const dh = X25519(x, R);
    if (dh === undefined) throw new Error('low order');
    const ss = sharedSecret(epoch, dh, c, R);
    const keys = keysOf(ss);
    return { c, ss, keys, S: stream(keys.streamKey, 576), epochByte: epoch % 256, id, delayClass };
  });
  const hop = (i: number): (typeof made)[0] => made[i - 1] as (typeof made)[0];

  let F = zeros(0);
  for (let i = 1; i <= n - 1; i += 1) F = xor(join(F, zeros(SLOT)), hop(i).S.slice((8 - i) * SLOT));
  const P = n < 7 ? random((7 - n) * SLOT) : zeros(0);
  const slot = endSlot(end, hop(n).delayClass);
  let routing = join(xor(join(slot, P), hop(n).S.slice(0, (8 - n) * SLOT)), F);

  for (let i = n; ; i -= 1) {
    const { c, keys, epochByte, id } = hop(i);
    const prefix = Uint8Array.of(1, epochByte);
    const tag = mac(16, keys.macKey, join(prefix, c, routing));
    if (i === 1) return { header: join(prefix, c, tag, routing), ss: made.map(({ ss }) => ss) };
    const before = hop(i - 1);
    const forward = join(
      Uint8Array.of(COMMAND.forward),
      id,
      Uint8Array.of(before.delayClass, epochByte),
      zeros(5),
      c,
      tag,
    );
    routing = xor(join(forward, routing.slice(0, 432)), before.S.slice(0, 504));
  }
}

export function plainPacket({ header, ss }: PlainHeader, payload: Uint8Array): Uint8Array {
  return join(
    header,
    ss.reduceRight((p, each) => E(keysOf(each), p), payload),
  );
}

export interface PlainRelay {
  readonly r: Uint8Array;
  readonly R: Uint8Array;
  readonly epoch: number;
}

export interface PlainOutcome {
  readonly verdict: string;
  readonly packet?: Uint8Array;
  readonly slot?: Uint8Array;
  readonly replayTag?: Uint8Array;
  readonly delayTag?: Uint8Array;
}

export function plainPeel(packet: Uint8Array, relays: readonly PlainRelay[]): PlainOutcome {
  if (packet.length !== 2638) return { verdict: 'wrong-size' };
  if (packet[0] !== 1) return { verdict: 'wrong-suite' };
  const relay = relays.find(({ epoch }) => epoch % 256 === packet[1]);
  if (relay === undefined) return { verdict: 'no-key' };
  const [c, tag] = [packet.slice(2, 34), packet.slice(34, 50)];
  const [routing, payload] = [packet.slice(50, 554), packet.slice(554)];
  const dh = X25519(relay.r, c);
  if (dh === undefined) return { verdict: 'bad-point' };
  const keys = keysOf(sharedSecret(relay.epoch, dh, c, relay.R));
  const expected = mac(16, keys.macKey, join(packet.slice(0, 2), c, routing));
  if (!equal(expected, tag)) return { verdict: 'bad-mac' };
  const T = xor(join(routing, zeros(SLOT)), stream(keys.streamKey, 576));
  const slot = T.slice(0, SLOT);
  if (!wellFormed(slot)) return { verdict: 'malformed' };
  const inner = D(keys, payload);
  if (slot[0] === COMMAND.deliver && !equal(inner.slice(0, 32), zeros(32))) {
    return { verdict: 'bad-payload' };
  }
  const { replayTag, delayTag } = keys;
  const forward = join(Uint8Array.of(1, slot[18] as number), slot.slice(24), T.slice(SLOT), inner);
  const next = slot[0] === COMMAND.forward ? forward : join(packet.slice(0, 554), inner);
  return { verdict: 'ok', packet: next, slot, replayTag, delayTag };
}

function wellFormed(slot: Uint8Array): boolean {
  const zero = (from: number, to: number): boolean =>
    slot.slice(from, to).every((byte) => byte === 0);
  if ((slot[17] as number) > 4 || !zero(19, 24)) return false;
  if (slot[0] === COMMAND.forward) return true;
  if (slot[0] === COMMAND.deliver) return zero(18, 72);
  if (slot[0] === COMMAND.reply) return zero(18, 24) && zero(40, 72);
  return slot[0] === COMMAND.drop && zero(1, 17) && zero(18, 72);
}

export interface PlainSurb {
  readonly surb: Uint8Array;
  readonly s: Uint8Array;
  readonly ss: readonly Uint8Array[];
}

export function plainSurb(hops: readonly PlainHop[], end: PlainEnd, random: TakeRandom): PlainSurb {
  const { header, ss } = plainHeader(hops, end, random);
  const s = random(32);
  return { surb: join((hops[0] as PlainHop).id, header, s), s, ss };
}

export function plainReply(surb: Uint8Array, payload: Uint8Array): Uint8Array {
  return join(surb.slice(16, 570), E(keysOf(surb.slice(570)), payload));
}

/** The payload, or undefined when it was tampered with. */
export function plainOpenReply({ s, ss }: PlainSurb, payload: Uint8Array): Uint8Array | undefined {
  const opened = D(
    keysOf(s),
    ss.reduceRight((p, each) => E(keysOf(each), p), payload),
  );
  return equal(opened.slice(0, 32), zeros(32)) ? opened : undefined;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
