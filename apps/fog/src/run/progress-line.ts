import type { Output } from '../process/output.ts';

/** One line at the bottom of a terminal that is redrawn in place; on anything else nothing. */
export interface ProgressLine {
  show(text: string): Promise<void>;
  clear(): Promise<void>;
  /** Runs `work`, which writes to the terminal, without the line in its way. */
  without(work: () => Promise<void>): Promise<void>;
}

const ERASE_LINE = '\r\u001b[K';

export function createProgressLine(stderr: Output): ProgressLine {
  let shown = false;
  let held = false;
  const clear = async (): Promise<void> => {
    if (!shown) return;
    shown = false;
    await stderr.write(ERASE_LINE);
  };
  return {
    clear,
    show: async (text) => {
      if (!stderr.isTerminal || held) return;
      shown = true;
      await stderr.write(`${ERASE_LINE}${text.slice(0, stderr.columns - 1)}`);
    },
    without: async (work) => {
      held = true;
      try {
        await clear();
        await work();
      } finally {
        held = false;
      }
    },
  };
}

export interface Progress {
  readonly total: number;
  readonly settled: number;
  readonly failed: number;
  readonly running: number;
}

/** `412/1000 done, 3 failed, 8 running` */
export function progressText({ total, settled, failed, running }: Progress): string {
  const parts = [`${settled + failed}/${total} done`];
  if (failed > 0) parts.push(`${failed} failed`);
  parts.push(`${running} running`);
  return `fog: ${parts.join(', ')}`;
}
