import { fail } from './errors.ts';

export function requireSize(what: string, bytes: Uint8Array, sizeBytes: number): void {
  if (bytes.length === sizeBytes) return;
  throw fail('SPHINX_SIZE', {
    message: `${what} has ${bytes.length} bytes and must have ${sizeBytes}: correct the caller.`,
  });
}
