/** One connected client: sends what its mailbox holds, as it comes or, where it asked, in a constant stream. */
import type { RandomFill } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import { drawExponential } from '../client/draws.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { FrameLink, LinkEnd } from '../link/link-ports.ts';
import { encodeItem, ITEM_BODY_BYTES } from './frame-bodies.ts';
import { MAX_UNCONFIRMED_ITEMS, RETRY_MS } from './limits.ts';
import type { Mailbox, MailboxItem } from './mailbox.ts';

export interface MailSession {
  /** Sends what is new; called after each addition and confirmation. */
  push(): void;
  /** Frames a second from now on; 0 sends items as they come. */
  pace(perSecond: number): void;
  end(reason: LinkEnd): void;
}

export function createMailSession(
  mail: Mailbox,
  link: FrameLink,
  { clock, random }: { readonly clock: Clock; readonly random: RandomFill },
): MailSession {
  const body = new Uint8Array(ITEM_BODY_BYTES);
  const padding = new Uint8Array(0);
  let next = 0;
  let pacePerSecond = 0;
  let ended = false;
  let cancelTimer: (() => void) | undefined;

  const waiting = (): MailboxItem | undefined => {
    const oldest = mail.from(0);
    const item = mail.from(next);
    if (oldest === undefined || item === undefined) return undefined;
    return item.sequence - oldest.sequence < MAX_UNCONFIRMED_ITEMS ? item : undefined;
  };
  const send = (item: MailboxItem): boolean => {
    encodeItem(body, item);
    if (!link.sendFrame(CLIENT_FRAME.item, body)) return false;
    next = item.sequence + 1;
    return true;
  };
  const timer = (delayMs: number, task: () => void): void => {
    cancelTimer?.();
    cancelTimer = clock.after(delayMs, () => {
      cancelTimer = undefined;
      task();
    });
  };
  const push = (): void => {
    if (ended || pacePerSecond > 0 || cancelTimer !== undefined) return;
    for (let item = waiting(); item !== undefined; item = waiting()) {
      if (send(item)) continue;
      timer(RETRY_MS, push);
      return;
    }
  };
  const tick = (): void => {
    const item = waiting();
    if (item === undefined) link.sendFrame(CLIENT_FRAME.padding, padding);
    else send(item);
    timer(drawExponential(random, 1_000 / pacePerSecond), tick);
  };

  return {
    push,
    pace: (perSecond) => {
      if (ended || perSecond === pacePerSecond) return;
      cancelTimer?.();
      cancelTimer = undefined;
      pacePerSecond = perSecond;
      if (perSecond > 0) timer(drawExponential(random, 1_000 / perSecond), tick);
      else push();
    },
    end: (reason) => {
      if (ended) return;
      ended = true;
      cancelTimer?.();
      link.close(reason);
    },
  };
}
