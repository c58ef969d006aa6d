/**
 * One hop: takes a layer off a packet. Bad packets are a verdict, never an exception. It does not
 * defend against replays or keys kept too long: the relay does, with the tag a good verdict gives.
 */
import { blake2b, chacha20Once, sameBytes } from '@fog/crypto';
import { type CommandName, commandName } from './commands.ts';
import {
  MAC_BYTES,
  MAX_DELAY_CLASS,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  PREFIX_BYTES,
  ROUTING_BYTES,
  SLOT,
  SLOT_BYTES,
  STREAM_BYTES,
  SUITE,
  SURB_ID_BYTES,
} from './geometry.ts';
import {
  createHopKeys,
  deriveHeaderKeys,
  derivePayloadKeys,
  deriveTags,
  type HopKeys,
} from './hop-keys.ts';
import { x25519Kem, type KemSpace } from './kem.ts';
import { keyOfEpochByte, type MixKey } from './mix-key.ts';
import { lionessBlock, lionessDecrypt, type LionessBlock } from './lioness.ts';

export const PEEL_VERDICTS = [
  'ok',
  'wrong-size',
  'wrong-suite',
  'no-key',
  'bad-point',
  'bad-mac',
  /** A slot no honest sender writes, under a good MAC. */
  'malformed',
  /** Delivered here, but its payload was tampered with on the way. */
  'bad-payload',
] as const;

export type PeelVerdict = (typeof PEEL_VERDICTS)[number];

/** What a good packet asks of this hop. The arrays are the same ones after every packet: copy what stays. */
export interface PeeledHop {
  readonly command: CommandName;
  readonly delayClass: number;
  /** Next relay, mailbox or service; zeros for `drop`. */
  readonly id: Uint8Array;
  /** Set for `reply`. */
  readonly surbId: Uint8Array;
  readonly replayTag: Uint8Array;
  readonly delayTag: Uint8Array;
}

/** Buffers of one thread; a packet costs no others. */
export interface PeelSpace {
  readonly hop: PeeledHop;
  readonly scratch: PeelScratch;
}

export interface PeelScratch {
  readonly hop: { -readonly [field in keyof PeeledHop]: PeeledHop[field] };
  readonly kem: KemSpace;
  readonly keys: HopKeys;
  /** The packet, placed so that its payload lies at a multiple of four. */
  readonly whole: Uint8Array;
  readonly prefix: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly mac: Uint8Array;
  readonly routing: Uint8Array;
  readonly payload: LionessBlock;
  readonly expectedMac: Uint8Array;
  /** Prefix, routing and a slot of zeros. */
  readonly head: Head;
}

interface Head {
  readonly macInput: Uint8Array;
  readonly routing: Uint8Array;
  readonly appended: Uint8Array;
  /** Routing and appended slot, then this hop's slot and the next routing. */
  readonly stream: Uint8Array;
  readonly slot: Uint8Array;
  readonly nextCiphertext: Uint8Array;
  readonly nextMac: Uint8Array;
  readonly nextRouting: Uint8Array;
}

const ALIGNMENT = (4 - (PACKET.payload % 4)) % 4;

export function createPeelSpace(): PeelSpace {
  const buffer = new ArrayBuffer(ALIGNMENT + PACKET_BYTES);
  const whole = new Uint8Array(buffer, ALIGNMENT);
  const head = createHead();
  const keys = createHopKeys();
  const hop: PeelScratch['hop'] = {
    command: 'drop',
    delayClass: 0,
    id: head.slot.subarray(SLOT.id, SLOT.delayClass),
    surbId: head.slot.subarray(SLOT.ciphertext, SLOT.ciphertext + SURB_ID_BYTES),
    replayTag: keys.tags.replay,
    delayTag: keys.tags.delay,
  };
  return {
    hop,
    scratch: {
      hop,
      kem: x25519Kem.createSpace(),
      keys,
      whole,
      prefix: whole.subarray(0, PACKET.mac),
      ciphertext: whole.subarray(PACKET.ciphertext, PACKET.mac),
      mac: whole.subarray(PACKET.mac, PACKET.routing),
      routing: whole.subarray(PACKET.routing, PACKET.payload),
      payload: lionessBlock(buffer, ALIGNMENT + PACKET.payload, PAYLOAD_BYTES),
      expectedMac: new Uint8Array(new ArrayBuffer(MAC_BYTES)),
      head,
    },
  };
}

function createHead(): Head {
  const bytes = new Uint8Array(new ArrayBuffer(PREFIX_BYTES + STREAM_BYTES));
  const stream = bytes.subarray(PREFIX_BYTES);
  return {
    macInput: bytes.subarray(0, PREFIX_BYTES + ROUTING_BYTES),
    routing: stream.subarray(0, ROUTING_BYTES),
    appended: stream.subarray(ROUTING_BYTES),
    stream,
    slot: stream.subarray(0, SLOT_BYTES),
    nextCiphertext: stream.subarray(SLOT.ciphertext, SLOT.mac),
    nextMac: stream.subarray(SLOT.mac, SLOT_BYTES),
    nextRouting: stream.subarray(SLOT_BYTES),
  };
}

/**
 * Takes one layer off the packet, in place. With 'ok', `space.hop` says what to do: a packet to
 * forward is ready for the next hop, else its payload is ready for the mailbox or service. With any
 * other verdict the packet is as it was. Never throws, whatever the bytes are.
 */
export function peel(packet: Uint8Array, keys: readonly MixKey[], space: PeelSpace): PeelVerdict {
  if (packet.length !== PACKET_BYTES) return 'wrong-size';
  if (packet[PACKET.suite] !== SUITE) return 'wrong-suite';
  const key = keyOfEpochByte(keys, packet[PACKET.epoch]);
  if (key === undefined) return 'no-key';
  const { scratch } = space;
  scratch.whole.set(packet);
  const verdict = openHeader(scratch, key);
  if (verdict !== 'ok') return verdict;
  derivePayloadKeys(scratch.keys.payload, scratch.kem.secret);
  lionessDecrypt(scratch.payload, scratch.keys.payload);
  if (scratch.hop.command === 'forward') writeNextHeader(scratch);
  else if (scratch.hop.command === 'deliver' && !beginsWithZeros(scratch.payload)) {
    return 'bad-payload';
  }
  packet.set(scratch.whole);
  return 'ok';
}

/** Nothing of the packet is believed before its MAC was found good. */
function openHeader(scratch: PeelScratch, key: MixKey): PeelVerdict {
  const { kem, keys, head, hop } = scratch;
  kem.ciphertext.set(scratch.ciphertext);
  if (!x25519Kem.decapsulate(kem, key)) return 'bad-point';
  deriveHeaderKeys(keys.header, kem.secret);
  head.macInput.set(scratch.prefix);
  head.routing.set(scratch.routing);
  blake2b(scratch.expectedMac, head.macInput, keys.header.macKey);
  if (!sameBytes(scratch.expectedMac, scratch.mac)) return 'bad-mac';
  head.appended.fill(0);
  chacha20Once(head.stream, head.stream, keys.header.streamKey);
  const command = commandOf(head.slot);
  if (command === undefined) return 'malformed';
  hop.command = command;
  hop.delayClass = head.slot[SLOT.delayClass] ?? 0;
  deriveTags(keys.tags, kem.secret);
  return 'ok';
}

function writeNextHeader({ whole, ciphertext, mac, routing, head }: PeelScratch): void {
  whole[PACKET.epoch] = head.slot[SLOT.epoch] ?? 0;
  ciphertext.set(head.nextCiphertext);
  mac.set(head.nextMac);
  routing.set(head.nextRouting);
}

/** Fields a command does not use must be zero, so that a slot has one form. */
function commandOf(slot: Uint8Array): CommandName | undefined {
  const command = commandName(slot[SLOT.command] ?? 0);
  if (command === undefined || (slot[SLOT.delayClass] ?? 0) > MAX_DELAY_CLASS) return undefined;
  if (!isZero(slot, SLOT.spare, SLOT.ciphertext)) return undefined;
  if (command === 'forward') return command;
  if (slot[SLOT.epoch] !== 0) return undefined;
  if (command === 'drop' && !isZero(slot, SLOT.id, SLOT.delayClass)) return undefined;
  const unused = SLOT.ciphertext + (command === 'reply' ? SURB_ID_BYTES : 0);
  return isZero(slot, unused, SLOT_BYTES) ? command : undefined;
}

function beginsWithZeros({ leftWords }: LionessBlock): boolean {
  let bits = 0;
  for (let index = 0; index < leftWords.length; index += 1) bits |= leftWords[index] ?? 0;
  return bits === 0;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  let bits = 0;
  for (let index = from; index < to; index += 1) bits |= bytes[index] ?? 0;
  return bits === 0;
}
