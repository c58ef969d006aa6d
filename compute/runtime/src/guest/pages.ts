/** A page of WebAssembly memory. */
export const PAGE_BYTES = 65_536;

/** Bytes as people know them from `--memory`: `64 MiB`. */
export function mebibytes(sizeBytes: number): string {
  const value = sizeBytes / 2 ** 20;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} MiB`;
}
