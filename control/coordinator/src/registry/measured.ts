/** What is measured of the way to a node. */
import type { NodeRecord } from './node-record.ts';

/** Weight of the newest measurement in a smoothed one (RFC 6298 takes 1/8). */
const NEWEST_WEIGHT = 0.125;
/** Of a smaller transfer the round trips take most of the time. */
const LEAST_MEASURED_BYTES = 256 * 1024;
/** Bits of a byte, milliseconds of a second, and a million bits. */
const MBPS_OF_BYTES_PER_MS = 8 / 1_000;

export function smoothed(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + (newest - before) * NEWEST_WEIGHT;
}

/** A blob came from the node in this time. */
export function noteTransfer(node: NodeRecord, sizeBytes: number, tookMs: number): void {
  if (sizeBytes < LEAST_MEASURED_BYTES || tookMs <= 0) return;
  const newest = (sizeBytes / tookMs) * MBPS_OF_BYTES_PER_MS;
  node.bandwidthMbps = smoothed(node.bandwidthMbps, newest);
}
