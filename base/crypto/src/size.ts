import { fail } from './errors.ts';

/** A wrong size is a fault of the calling code: bytes from outside are measured before they get here. */
export function requireSize(
  what: string,
  bytes: { readonly byteLength: number },
  sizeBytes: number,
): void {
  if (bytes.byteLength === sizeBytes) return;
  throw fail('CRYPTO_SIZE', {
    message: `${what} must have ${sizeBytes} bytes, not ${bytes.byteLength}: correct the caller.`,
  });
}
