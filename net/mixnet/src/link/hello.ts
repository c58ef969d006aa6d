/**
 * What both ends of a link say first: one hello by the end that dialled, one answer by the other, each
 * HELLO_BYTES long: length 2 ‖ canonical CBOR ‖ zeros.
 */
import { decodeCanonical, encodeCanonical, type CanonicalValue } from '@fog/crypto';
import { HELLO_BYTES, MAX_FEATURE_CHARS, MAX_FEATURES } from './limits.ts';
import { LINK_REFUSALS, type LinkRefusal } from './link-ports.ts';

export const LINK_PROTOCOL = '/fog/mix/1.0';
const PROTOCOL_PATTERN = /^\/fog\/mix\/(\d{1,4})\.(\d{1,4})$/;
/** Much longer than any version of ours; it is shown in a refusal. */
const MAX_PROTOCOL_CHARS = 64;
const FEATURE_PATTERN = /^[a-z0-9][a-z0-9.-]*$/;
/** Ids have 26. */
const MAX_RELAY_CHARS = 64;
const LENGTH_BYTES = 2;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export interface Hello {
  readonly protocol: string;
  readonly features: readonly string[];
  /** Milliseconds UTC, in whole seconds: finer would make a clock recognisable. */
  readonly time: number;
  /** Of a relay: its id, checked against the key of its certificate. */
  readonly relay?: string;
  /** Of a client: its key, and its signature over the binding of this TLS session. */
  readonly client?: { readonly key: Uint8Array; readonly proof: Uint8Array };
}

export interface Answer {
  readonly protocol: string;
  readonly features: readonly string[];
  readonly time: number;
  readonly verdict: 'ok' | LinkRefusal;
}

export function encodeHello(hello: Hello): Uint8Array {
  const { client, ...rest } = hello;
  return frame(client ? { ...rest, key: client.key, proof: client.proof } : rest);
}

/** Undefined for everything that is not a hello. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  const value = unframe(bytes);
  const base = value && opening(value);
  if (value === undefined || base === undefined) return undefined;
  const { relay, key, proof } = value;
  if (typeof relay === 'string' && relay.length <= MAX_RELAY_CHARS) return { ...base, relay };
  if (!isBytes(key, KEY_BYTES) || !isBytes(proof, SIGNATURE_BYTES)) return undefined;
  return { ...base, client: { key, proof } };
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return frame({ ...answer });
}

export function decodeAnswer(bytes: Uint8Array): Answer | undefined {
  const value = unframe(bytes);
  const base = value && opening(value);
  if (value === undefined || base === undefined) return undefined;
  const verdict = value['verdict'];
  if (verdict !== 'ok' && !LINK_REFUSALS.includes(verdict as LinkRefusal)) return undefined;
  return { ...base, verdict: verdict as Answer['verdict'] };
}

/** Minor versions talk to each other by their features; major ones do not. */
export function speaksProtocol(protocol: string): boolean {
  return PROTOCOL_PATTERN.exec(protocol)?.[1] === PROTOCOL_PATTERN.exec(LINK_PROTOCOL)?.[1];
}

export function validFeatures(features: readonly unknown[]): features is readonly string[] {
  return features.length <= MAX_FEATURES && features.every(isFeature);
}

/** What both ends offer, in the order of the first. */
export function commonFeatures(ours: readonly string[], theirs: readonly string[]): string[] {
  return ours.filter((feature) => theirs.includes(feature));
}

export function helloTime(nowMs: number): number {
  return Math.round(nowMs / 1000) * 1000;
}

function opening(value: Readonly<Record<string, CanonicalValue>>): Hello | undefined {
  const { protocol, features, time } = value;
  if (typeof protocol !== 'string' || protocol.length > MAX_PROTOCOL_CHARS) return undefined;
  if (!Array.isArray(features) || !validFeatures(features)) return undefined;
  if (!Number.isSafeInteger(time)) return undefined;
  return { protocol, features, time: time as number };
}

function isFeature(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_FEATURE_CHARS && FEATURE_PATTERN.test(value)
  );
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function frame(value: { readonly [key: string]: CanonicalValue }): Uint8Array {
  const body = encodeCanonical(value);
  const bytes = new Uint8Array(HELLO_BYTES);
  new DataView(bytes.buffer).setUint16(0, body.length);
  bytes.set(body, LENGTH_BYTES);
  return bytes;
}

function unframe(bytes: Uint8Array): Readonly<Record<string, CanonicalValue>> | undefined {
  if (bytes.length !== HELLO_BYTES) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0);
  if (length > HELLO_BYTES - LENGTH_BYTES) return undefined;
  const value = decodeCanonical(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || value instanceof Uint8Array) return undefined;
  return value as Readonly<Record<string, CanonicalValue>>;
}
