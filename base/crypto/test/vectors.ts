import { readFileSync } from 'node:fs';
import path from 'node:path';

export function readVectors(name: string): unknown {
  const file = path.join(import.meta.dirname, '../vectors', `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
