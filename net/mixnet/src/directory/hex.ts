/** Hashes in paths, entity tags and statuses. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Undefined when the text is not the lower-case hex of `sizeBytes` bytes. */
export function fromHex(text: string, sizeBytes: number): Uint8Array | undefined {
  if (text.length !== sizeBytes * 2 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}
