import { formatDuration } from '@fog/kernel';
import type { JoinCode } from '@fog/wire';

export interface JoinLine {
  readonly self: string;
  readonly url: string;
  readonly code: JoinCode;
  readonly now: number;
}

/** The line to paste on another terminal. */
export function joinLine({ self, url, code }: Pick<JoinLine, 'self' | 'url' | 'code'>): string {
  return `${self} join ${url} --token ${code.code}`;
}

/** The same, with how long it is good for. */
export function joinText(line: JoinLine): string {
  const left = formatDuration(line.code.expiresAt - line.now);
  return `  ${joinLine(line)}\n\n(valid for ${left} and ${line.code.uses} machines)\n`;
}
