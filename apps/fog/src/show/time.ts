import { formatDuration } from '@fog/kernel';

/** `3 min ago` */
export function ago(now: number, time: number): string {
  return `${formatDuration(Math.max(0, now - time))} ago`;
}

/** `2026-11-22 14:03:05`, in the zone of this machine. */
export function clockTime(time: number): string {
  const date = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
