/** The mailboxes of one gateway: bounded in number, in items and in bytes, and expiring. */
import type { Clock } from '@fog/kernel';
import { idKey } from '../ids.ts';
import type { MixMetrics } from '../ports.ts';
import type { GatewayLimits } from './limits.ts';
import { createMailbox, ITEM_BYTES, type Mailbox } from './mailbox.ts';
import type { MailSession } from './mail-session.ts';

/** One client: its mail, and its session while it is connected. */
export interface Box {
  readonly mail: Mailbox;
  session: MailSession | undefined;
  /** Since when it is away. */
  absentMs: number;
}

export type PutResult = 'ok' | 'no-mailbox' | 'mailbox-full' | 'gateway-full';

export interface MailboxStore {
  readonly boxes: ReadonlyMap<string, Box>;
  /** Payloads of all boxes together. */
  readonly heldBytes: number;
  /** The box of the client, new where it had none; undefined when there is no room for another. */
  open(id: Uint8Array): Box | undefined;
  put(id: Uint8Array, payload: Uint8Array, surbId: Uint8Array | undefined): PutResult;
  /** The client has the items up to this one. */
  confirm(box: Box, sequence: number): void;
  /** Forgets what is too old. */
  sweep(): void;
}

export function createMailboxStore(
  limits: GatewayLimits,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: MixMetrics },
): MailboxStore {
  const boxes = new Map<string, Box>();
  let heldBytes = 0;

  const evict = (): void => {
    const idle = [...boxes].filter(([, { session, mail }]) => !session && mail.size === 0);
    const longest = idle.toSorted(([, a], [, b]) => a.absentMs - b.absentMs)[0];
    if (longest !== undefined) boxes.delete(longest[0]);
  };
  const open = (id: Uint8Array): Box | undefined => {
    const key = idKey(id);
    const known = boxes.get(key);
    if (known !== undefined) return known;
    if (boxes.size >= limits.mailboxes) evict();
    if (boxes.size >= limits.mailboxes) return undefined;
    // Counted from the time in 1/1024 ms: after a restart of the gateway no number comes again.
    const mail = createMailbox(clock.now() * 1_024);
    const box: Box = { mail, session: undefined, absentMs: clock.monotonicMs() };
    boxes.set(key, box);
    return box;
  };
  const put = (id: Uint8Array, payload: Uint8Array, surbId: Uint8Array | undefined): PutResult => {
    const box = boxes.get(idKey(id));
    if (box === undefined) return 'no-mailbox';
    if (box.mail.size >= limits.mailboxItems) return 'mailbox-full';
    if (heldBytes + ITEM_BYTES > limits.mailboxBytes) return 'gateway-full';
    box.mail.add(payload, surbId, clock.monotonicMs());
    heldBytes += ITEM_BYTES;
    box.session?.push();
    return 'ok';
  };
  const sweep = (): void => {
    const now = clock.monotonicMs();
    for (const [key, { mail, session, absentMs }] of boxes) {
      const gone = session === undefined && now - absentMs >= limits.absenceMs;
      const expired = mail.expire(gone ? Infinity : now - limits.itemAgeMs);
      heldBytes -= expired * ITEM_BYTES;
      if (gone) boxes.delete(key);
      if (expired > 0) {
        metrics.count('fog_mixnet_gateway_items_total', { result: 'expired' }, expired);
      }
    }
    metrics.gauge('fog_mixnet_gateway_mailboxes', boxes.size);
    metrics.gauge('fog_mixnet_gateway_held_bytes', heldBytes);
  };
  return {
    boxes,
    get heldBytes() {
      return heldBytes;
    },
    open,
    put,
    confirm: ({ mail }, sequence) => {
      heldBytes -= mail.confirm(sequence) * ITEM_BYTES;
    },
    sweep,
  };
}
