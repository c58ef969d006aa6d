import { formatDuration } from '@fog/kernel';
import type { JoinCode } from '@fog/wire';

export interface JoinLine {
  readonly self: string;
  readonly url: string;
  readonly code: JoinCode;
  readonly now: number;
}

/** The line to paste on another machine, and how long it is good for. */
export function joinText({ self, url, code, now }: JoinLine): string {
  const left = formatDuration(code.expiresAt - now);
  return `  ${self} join ${url} --token ${code.code}\n  (valid for ${left} and ${code.uses} machines)\n`;
}
