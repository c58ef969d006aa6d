import { Errno, WasiError } from './errno.ts';
import type { WasiCalls, WasiContext } from './wasi-host.ts';

const REALTIME = 0;
const MONOTONIC = 1;
const PROCESS_CPU = 2;
const THREAD_CPU = 3;

/** The host's clocks are read in microseconds at best. */
const RESOLUTION_NS = 1_000n;

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const EVENT_CLOCK = 0;
const EVENT_FD_WRITE = 2;
const ABSOLUTE = 1;

/** Subscriptions of one poll: each costs an event in guest memory and nothing here. */
const MAX_SUBSCRIPTIONS = 4096;

/** A blocked thread cannot wait longer at once (a signed 32-bit count of milliseconds); it waits again. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** Clocks and waiting. */
export function pollCalls(context: WasiContext): WasiCalls {
  const { deps } = context;
  const nowNs = (clock: number): bigint => {
    if (clock === REALTIME) return deps.realtimeNs();
    if (clock === MONOTONIC) return deps.monotonicNs();
    // A sandbox runs one program on one thread: its time is the time since it began.
    if (clock === PROCESS_CPU || clock === THREAD_CPU)
      return deps.monotonicNs() - context.startedNs;
    throw new WasiError(Errno.INVAL);
  };
  return {
    clock_res_get: (clock: number, result: number) => {
      nowNs(clock);
      context.memory.setU64(result, RESOLUTION_NS);
    },
    clock_time_get: (clock: number, _precision: bigint, result: number) => {
      deps.idle();
      context.memory.setU64(result, nowNs(clock));
    },
    poll_oneoff: (input: number, output: number, count: number, result: number) => {
      const total = count >>> 0;
      if (total === 0 || total > MAX_SUBSCRIPTIONS) throw new WasiError(Errno.INVAL);
      context.memory.slice(output, total * EVENT_BYTES);
      const subscriptions = readSubscriptions(context, input, total, nowNs);
      deps.idle();
      waitForFirst(context, subscriptions);
      context.memory.setU32(result, writeEvents(context, output, subscriptions));
    },
  };
}

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** Monotonic time at which it fires; descriptors in memory are always ready. */
  readonly dueNs: bigint;
  readonly errno: number;
}

function readSubscriptions(
  context: WasiContext,
  input: number,
  count: number,
  nowNs: (clock: number) => bigint,
): Subscription[] {
  const { deps } = context;
  const memory = context.memory;
  const startNs = deps.monotonicNs();
  return Array.from({ length: count }, (_, index) => {
    const at = (input >>> 0) + index * SUBSCRIPTION_BYTES;
    const userdata = memory.u64(at);
    const type = memory.u8(at + 8);
    if (type > EVENT_FD_WRITE) throw new WasiError(Errno.INVAL);
    try {
      if (type !== EVENT_CLOCK) context.descriptors.get(memory.u32(at + 16));
      const delayNs = type === EVENT_CLOCK ? delayOf(context, at + 16, nowNs) : 0n;
      return { userdata, type, dueNs: startNs + delayNs, errno: Errno.SUCCESS };
    } catch (error) {
      if (!(error instanceof WasiError)) throw error;
      return { userdata, type, dueNs: startNs, errno: error.errno };
    }
  });
}

function delayOf(context: WasiContext, at: number, nowNs: (clock: number) => bigint): bigint {
  const memory = context.memory;
  const clock = memory.u32(at);
  const timeoutNs = memory.u64(at + 8);
  const isAbsolute = (memory.u16(at + 24) & ABSOLUTE) !== 0;
  const currentNs = nowNs(clock);
  if (!isAbsolute) return timeoutNs;
  return timeoutNs > currentNs ? timeoutNs - currentNs : 0n;
}

function waitForFirst(context: WasiContext, subscriptions: readonly Subscription[]): void {
  const firstNs = subscriptions.reduce(
    (first, { dueNs }) => (dueNs < first ? dueNs : first),
    subscriptions[0]?.dueNs ?? 0n,
  );
  for (;;) {
    const leftNs = firstNs - context.deps.monotonicNs();
    if (leftNs <= 0n) return;
    context.deps.waitMs(Math.min(Number(leftNs) / 1e6, MAX_WAIT_MS));
  }
}

function writeEvents(
  context: WasiContext,
  output: number,
  subscriptions: readonly Subscription[],
): number {
  const memory = context.memory;
  const nowNs = context.deps.monotonicNs();
  let events = 0;
  for (const { userdata, type, dueNs, errno } of subscriptions) {
    if (dueNs > nowNs) continue;
    const at = (output >>> 0) + events * EVENT_BYTES;
    memory.slice(at, EVENT_BYTES).fill(0);
    memory.setU64(at, userdata);
    memory.setU16(at + 8, errno);
    memory.setU8(at + 10, type);
    // Bytes that are ready: one is enough to make the guest read or write.
    if (type !== EVENT_CLOCK) memory.setU64(at + 16, 1n);
    events += 1;
  }
  return events;
}
