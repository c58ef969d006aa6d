/**
 * What a packet holds for a mailbox, closed to its gateway: an anonymous box for the client key, of one size
 * whatever is inside. It does not say who sent it, and who later gets the client key can open what a
 * gateway kept: there is no key to erase. X25519 alone: no defence against a quantum computer.
 */
import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  aeadOpen,
  aeadSeal,
  agreementKey,
  blake2b,
  type Identity,
  type RandomFill,
  X25519_BYTES,
  x25519,
  x25519PublicKey,
  zeroBytes,
} from '@fog/crypto';
import { concatBytes, utf8 } from '@fog/kernel';
import { BODY_BYTES, MAX_SURBS, type PayloadContent, SURB_BYTES } from '@fog/sphinx';
import { drawBytes } from './draws.ts';

const CIPHER = 'chacha20poly1305';
const LABEL = utf8('fog-mix-sealed/1');
/** Each key is used once. */
const NONCE = new Uint8Array(AEAD_NONCE_BYTES[CIPHER]);
/** What is left of a body. */
const OPEN_BYTES = BODY_BYTES - X25519_BYTES - AEAD_TAG_BYTES;
const AT = { kind: 0, surbCount: 1, length: 2, body: 4 } as const;

/** Room for data beside so many SURBs. */
export function sealedRoom(surbCount: number): number {
  return OPEN_BYTES - AT.body - surbCount * SURB_BYTES;
}

/** The 2,048 bytes of a body that only the holder of the X25519 key can open. */
export function sealContent(
  content: PayloadContent,
  recipient: Uint8Array,
  random: RandomFill,
): Uint8Array {
  const secret = drawBytes(random, X25519_BYTES);
  const body = new Uint8Array(BODY_BYTES);
  const ephemeral = body.subarray(0, X25519_BYTES);
  const shared = new Uint8Array(X25519_BYTES);
  x25519PublicKey(ephemeral, secret);
  // A recipient of low order has no key; the address was checked, so this box is for nobody.
  if (!x25519(shared, secret, recipient)) random(shared);
  const key = sealKey(shared, ephemeral, recipient);
  aeadSeal(CIPHER, body.subarray(X25519_BYTES), frame(content), { key, nonce: NONCE });
  zeroBytes(secret, shared, key);
  return body;
}

export interface ContentOpener {
  /** The content, or undefined when it is none for this key. Never throws. */
  open(body: Uint8Array): PayloadContent | undefined;
}

export function createContentOpener(identity: Identity): ContentOpener {
  const own = agreementKey(identity.publicKey) as Uint8Array;
  const shared = new Uint8Array(X25519_BYTES);
  return {
    open: (body) => {
      if (body.length !== BODY_BYTES) return undefined;
      const ephemeral = body.subarray(0, X25519_BYTES);
      if (!identity.agree(shared, ephemeral)) return undefined;
      const opened = new Uint8Array(OPEN_BYTES);
      const key = sealKey(shared, ephemeral, own);
      const sealed = body.subarray(X25519_BYTES);
      const isOurs = aeadOpen(CIPHER, opened, sealed, { key, nonce: NONCE });
      zeroBytes(shared, key);
      return isOurs ? unframe(opened) : undefined;
    },
  };
}

function sealKey(shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  blake2b(key, concatBytes([LABEL, ephemeral, recipient]), shared);
  return key;
}

function frame({ kind, surbs, data }: PayloadContent): Uint8Array {
  const open = new Uint8Array(OPEN_BYTES);
  open.set([kind, surbs.length, data.length >> 8, data.length & 255]);
  open.set(concatBytes([...surbs, data]), AT.body);
  return open;
}

function unframe(open: Uint8Array): PayloadContent | undefined {
  const count = open[AT.surbCount] ?? 0;
  const length = ((open[AT.length] ?? 0) << 8) | (open[AT.length + 1] ?? 0);
  if (count > MAX_SURBS || length > sealedRoom(count)) return undefined;
  const from = AT.body + count * SURB_BYTES;
  return {
    kind: open[AT.kind] ?? 0,
    surbs: Array.from({ length: count }, (_, index) =>
      open.subarray(AT.body + index * SURB_BYTES, AT.body + (index + 1) * SURB_BYTES),
    ),
    data: open.subarray(from, from + length),
  };
}
