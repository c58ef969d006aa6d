/** Packets a client sends to itself: to measure, to audit, and as cover. */
import { isFogError } from '@fog/kernel';
import { type ClientCore, lossOf, timerMs } from './client-core.ts';
import { LATE_TIMERS } from './limits.ts';
import type { LossClass } from './mix-client-api.ts';
import type { MakePacket } from './outbox.ts';
import type { PlannedRoute } from './routes.ts';

export interface LoopRequest {
  /** What the loop is for, as errors and metrics name it. */
  readonly purpose: string;
  readonly hops: number;
  readonly classAt: (index: number, hops: number) => number;
  /** Keep the delay tags of the hops. */
  readonly withTags?: boolean;
}

export interface LoopReport {
  readonly outcome: 'home' | LossClass;
  /** By this client's monotonic clock; undefined for a loop that never came. */
  readonly rttMs: number | undefined;
  readonly route: PlannedRoute;
  readonly delayTags: readonly Uint8Array[];
}

/** Makes one loop; `onReport` is called once, when it is home or given up. */
export function loopPacket(
  core: ClientCore,
  request: LoopRequest,
  onReport: (report: LoopReport) => void,
): MakePacket {
  return (packet, entry) => {
    const route = core.plan({ ...request, entry, exit: entry });
    const surbId = core.maker.loop(packet, route, core.mailbox);
    const delayTags = request.withTags === true ? core.maker.delayTags(route.hops.length) : [];
    const deadlineMs = timerMs([route]);
    const sentMs = core.clock.monotonicMs();
    const report = (outcome: LoopReport['outcome'], rttMs: number | undefined): void => {
      if (outcome === 'home') core.health.succeeded(route.relays);
      else core.health.failed(route.relays);
      core.metrics.count('fog_mixnet_client_loops_total', { purpose: request.purpose, outcome });
      onReport({ outcome, rttMs, route, delayTags });
    };
    core.awaited.add(surbId, {
      untilMs: sentMs + LATE_TIMERS * deadlineMs,
      arrived: () => {
        const rttMs = core.clock.monotonicMs() - sentMs;
        report(rttMs <= deadlineMs ? 'home' : 'late', rttMs);
      },
      gone: () => report(lossOf(core, route), undefined),
    });
  };
}

/** Sends a loop and waits for what becomes of it. Throws when there is no path, or the signal's reason. */
export async function sendLoop(
  core: ClientCore,
  request: LoopRequest,
  signal?: AbortSignal,
): Promise<LoopReport | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<LoopReport>();
  const abort = (): void => reject(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', abort, { once: true });
  promise.catch(() => {});
  try {
    await core.outbox.submit(loopPacket(core, request, resolve), signal);
    return await promise;
  } catch (error) {
    if (!isFogError(error, 'MIXNET_NO_GATEWAY')) throw error;
    core.metrics.count('fog_mixnet_client_loops_total', {
      purpose: request.purpose,
      outcome: 'no-link',
    });
    return undefined;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
