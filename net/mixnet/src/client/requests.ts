/**
 * Asking: a message with SURBs for its answer. It is sent again after a timer of the routes' quantile and
 * a random time, so that nobody who drops a packet can predict when the next one comes.
 */
import { FRAGMENT_ID_BYTES, MAX_SURBS, PAYLOAD_KIND, splitMessage } from '@fog/sphinx';
import { isFogError } from '@fog/kernel';
import { fail } from '../errors.ts';
import { idKey } from '../ids.ts';
import { type Destination, destinationOf } from './addresses.ts';
import { type AnswerParts, createAnswerParts } from './answer-parts.ts';
import { type ClientCore, lossOf, timerMs } from './client-core.ts';
import { drawBytes, drawExponential } from './draws.ts';
import { LEVELS } from './levels.ts';
import { MAX_ATTEMPTS, MAX_OPEN_REQUESTS, POOL_HALF } from './limits.ts';
import type { LossClass, MixAddress } from './mix-client-api.ts';
import type { MakePacket } from './outbox.ts';
import { encodeFetch, FETCH_KIND } from './payload-kinds.ts';
import type { PlannedRoute } from './routes.ts';
import { fragmentContent, partRoom, type TalkOptions } from './send-message.ts';

export interface Requests {
  readonly open: number;
  request(destination: MixAddress, message: Uint8Array, options: TalkOptions): Promise<Uint8Array>;
  /** Part of an answer that came on a standing SURB; false when no request waits for it. */
  accept(data: Uint8Array): boolean;
  /** Ends all of them with MIXNET_STOPPED. */
  stop(): void;
}

interface Asking {
  readonly id: Uint8Array;
  readonly to: Destination;
  readonly options: TalkOptions;
  readonly parts: AnswerParts;
  readonly surbIds: Uint8Array[];
  readonly losses: LossClass[];
  /** Parts of the answer for which SURBs were sent. */
  asked: number;
  /** Parts that came. */
  received: number;
  /** Routes of the present attempt. */
  routes: PlannedRoute[];
  /** Called with each part that comes. */
  progress: () => void;
}

export function createRequests(core: ClientCore): Requests {
  const stopping = new AbortController();
  const open = new Map<string, Asking>();
  return {
    get open() {
      return open.size;
    },
    accept: (data) => {
      const asking = open.get(idKey(data.subarray(0, FRAGMENT_ID_BYTES)));
      if (asking !== undefined) takePart(asking, data);
      return asking !== undefined;
    },
    request: async (destination, message, options) => {
      if (open.size >= MAX_OPEN_REQUESTS) {
        const text = `${open.size} requests wait for their answers already: let some end first.`;
        throw fail('MIXNET_BUSY', { message: text });
      }
      const signals = [stopping.signal, ...(options.signal ? [options.signal] : [])];
      const signal = AbortSignal.any(signals);
      const id = drawBytes(core.random, FRAGMENT_ID_BYTES);
      const asking: Asking = {
        id,
        to: destinationOf(destination),
        options: { ...options, signal },
        parts: createAnswerParts(id),
        surbIds: [],
        losses: [],
        asked: 0,
        received: 0,
        routes: [],
        progress: () => {},
      };
      open.set(idKey(id), asking);
      try {
        return await ask(core, asking, message);
      } finally {
        open.delete(idKey(id));
      }
    },
    stop: () => stopping.abort(fail('MIXNET_STOPPED')),
  };
}

async function ask(core: ClientCore, asking: Asking, message: Uint8Array): Promise<Uint8Array> {
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const before = asking.received;
      const whole = await attemptOnce(core, asking, message, attempt);
      if (whole !== undefined) return whole;
      if (asking.received > before) attempt = -1;
    }
    throw noAnswer(asking);
  } finally {
    for (const surbId of asking.surbIds) core.awaited.forget(surbId);
  }
}

/** Sends what is missing and waits until nothing more comes. */
async function attemptOnce(
  core: ClientCore,
  asking: Asking,
  message: Uint8Array,
  attempt: number,
): Promise<Uint8Array | undefined> {
  asking.routes = [];
  const sent = await sendAll(core, asking, packetsOf(core, asking, message));
  if (!sent) asking.losses.push('no-link');
  for (;;) {
    const state = await waitForParts(core, asking, attempt);
    if (state === 'whole') return asking.parts.whole();
    if (state === 'quiet') break;
    // The answer is longer than the SURBs sent so far: send as many as it needs, at once.
    const more = asking.parts.missing().filter((index) => index >= asking.asked);
    asking.asked = asking.parts.total ?? 0;
    await sendAll(core, asking, fetches(core, asking, more));
  }
  if (sent) noteLoss(core, asking);
  return undefined;
}

function noteLoss(core: ClientCore, asking: Asking): void {
  core.health.failed(asking.routes.flatMap(({ relays }) => relays));
  const [route] = asking.routes;
  const lossClass = route === undefined ? 'lost' : lossOf(core, route);
  asking.losses.push(lossClass);
  core.metrics.count('fog_mixnet_client_losses_total', { class: lossClass });
}

/** False when there was no gateway for one of them. */
async function sendAll(
  core: ClientCore,
  { options }: Asking,
  packets: readonly MakePacket[],
): Promise<boolean> {
  const results = await Promise.allSettled(
    packets.map((make) => core.outbox.submit(make, options.signal)),
  );
  options.signal?.throwIfAborted();
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const serious = failed.find((reason) => !isFogError(reason, 'MIXNET_NO_GATEWAY'));
  if (serious !== undefined) throw serious;
  return failed.length === 0;
}

function packetsOf(core: ClientCore, asking: Asking, message: Uint8Array): MakePacket[] {
  if (asking.parts.total !== undefined) return fetches(core, asking, asking.parts.missing());
  const { talk } = asking.options;
  const surbs = surbsBeside(message.length, talk);
  const fragments = splitMessage(message, asking.id, partRoom(surbs, talk));
  asking.asked = surbs * fragments.length + (talk === undefined ? 0 : POOL_HALF);
  return fragments.map((part) => packetTo(core, asking, { ...fragmentContent(part, talk), surbs }));
}

/** As many SURBs as fit beside a short message, one beside each part of a long one. */
function surbsBeside(sizeBytes: number, talk: Uint8Array | undefined): number {
  for (let surbs = MAX_SURBS; surbs > 1; surbs -= 1) {
    if (sizeBytes <= partRoom(surbs, talk)) return surbs;
  }
  return 1;
}

function fetches(core: ClientCore, asking: Asking, missing: readonly number[]): MakePacket[] {
  return Array.from({ length: Math.ceil(missing.length / MAX_SURBS) }, (_, group) => {
    const indices = missing.slice(group * MAX_SURBS, (group + 1) * MAX_SURBS);
    const data = encodeFetch({ id: asking.id, indices });
    return packetTo(core, asking, { kind: FETCH_KIND, data, surbs: indices.length });
  });
}

interface Content {
  readonly kind: number;
  readonly data: Uint8Array;
  readonly surbs: number;
}

function packetTo(core: ClientCore, asking: Asking, { kind, data, surbs }: Content): MakePacket {
  const { level, hops = LEVELS[level].hops } = asking.options;
  const classAt = (): number => LEVELS[level].delayClass;
  const leg = { purpose: `level ${level}`, hops, classAt };
  return (packet, entry) => {
    const there = core.plan({ ...leg, entry, exit: asking.to.relay });
    const made = Array.from({ length: surbs }, () => {
      const back = core.plan({
        ...leg,
        entry: asking.to.relay,
        exit: entry,
        startMs: there.arrivalMs,
      });
      asking.routes.push(back);
      return surbFor(core, asking, { there, back });
    });
    asking.routes.push(there);
    core.maker.deliver(packet, there, asking.to, { kind, surbs: made, data });
  };
}

function surbFor(
  core: ClientCore,
  asking: Asking,
  { there, back }: { readonly there: PlannedRoute; readonly back: PlannedRoute },
): Uint8Array {
  const { id, surb, keys } = core.maker.surb(back, core.mailbox);
  asking.surbIds.push(id);
  const sentMs = core.clock.monotonicMs();
  const dueMs = timerMs([there, back]);
  core.awaited.add(id, {
    // The SURB dies with the key epochs of its route, whatever its asker still hopes for.
    untilMs: sentMs + 2 * core.consensus().consensus.epochMs,
    gone: () => {},
    arrived: (payload) => {
      const content = core.maker.open(payload, keys);
      if (content?.kind !== PAYLOAD_KIND.fragment) return;
      core.health.succeeded(back.relays);
      const late = core.clock.monotonicMs() - sentMs > dueMs;
      if (late) core.metrics.count('fog_mixnet_client_losses_total', { class: 'late' });
      takePart(asking, content.data);
    },
  });
  return surb;
}

function takePart(asking: Asking, data: Uint8Array): void {
  if (!asking.parts.add(data)) return;
  asking.received += 1;
  asking.progress();
}

/** `whole`: nothing is missing. `more`: the answer is longer than was asked for. `quiet`: the timer ran out. */
function waitForParts(
  core: ClientCore,
  asking: Asking,
  attempt: number,
): Promise<'whole' | 'more' | 'quiet'> {
  const { promise, resolve, reject } = Promise.withResolvers<'whole' | 'more' | 'quiet'>();
  const { signal } = asking.options;
  const longestMs = asking.routes.reduce((most, { quantileMs }) => Math.max(most, quantileMs), 0);
  const waitMs = timerMs([]) + 2 * longestMs;
  let cancel = (): void => {};
  const look = (): void => {
    if (asking.parts.whole() !== undefined) return resolve('whole');
    if ((asking.parts.total ?? 0) > asking.asked) return resolve('more');
    cancel();
    const randomMs = Math.min(waitMs, drawExponential(core.random, waitMs / 4));
    cancel = core.clock.after(waitMs * 2 ** attempt + randomMs, () => resolve('quiet'));
  };
  const abort = (): void => reject(signal?.reason);
  asking.progress = look;
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  else look();
  return promise.finally(() => {
    asking.progress = () => {};
    signal?.removeEventListener('abort', abort);
    cancel();
  });
}

function noAnswer({ losses, to: { relay } }: Asking): Error {
  const counts = Object.entries(Object.groupBy(losses, (each) => each)).map(
    ([lossClass, all]) => `${all.length} ${lossClass}`,
  );
  return fail('MIXNET_NO_ANSWER', {
    message: `No answer came from ${relay} after ${losses.length} attempts (${counts.join(', ')}): see whether the other side is up, and try again.`,
    details: { relay, losses },
  });
}
