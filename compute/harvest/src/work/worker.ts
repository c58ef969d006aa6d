/** The work of one node: leases in, at most `slots` tasks at once, results out. */
import type { Identity } from '@fog/crypto';
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import type { Runtime } from '@fog/runtime';
import { type FromAgent, manifestBatchBytes, type NodeLoad, type Phase } from '@fog/wire';
import {
  EXPIRY_CHECK_MS,
  MAX_HELD_TOKENS,
  MAX_SPOOL_BYTES,
  MAX_UNACKED_BYTES,
  PROGRESS_AFTER_MS,
  REPORT_TICK_MS,
} from '../limits.ts';
import { Deliveries } from '../output/deliveries.ts';
import { LiveOutput } from '../output/live-output.ts';
import { ResultOutbox } from '../output/result-outbox.ts';
import type { Spool } from '../output/spool.ts';
import type { CoordinatorLink, SessionMessage, ToAgentOf } from '../session/coordinator-link.ts';
import { Heartbeat } from '../session/heartbeat.ts';
import type { BlobCache } from '../staging/blob-cache.ts';
import { JobSpecs } from '../staging/job-specs.ts';
import type { Transfer } from '../staging/transfer.ts';
import { type HeldLease, LeaseTable, onBothClocks } from './lease-table.ts';
import { type EndedTask, runTask, type TaskDeps } from './run-task.ts';

export interface WorkerOptions {
  readonly slots: number;
  readonly credit: number;
}

export interface WorkerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** Signs the results. */
  readonly identity: Identity;
  readonly link: Pick<
    CoordinatorLink,
    'fogId' | 'open' | 'bufferedBytes' | 'send' | 'sendText' | 'protocolError' | 'drop'
  >;
  readonly cache: BlobCache;
  readonly transfer: Transfer;
  readonly spool: Spool;
  /** How busy the machine is now. */
  readonly load: () => NodeLoad;
  /** The number of running tasks changed. */
  readonly onRunning: () => void;
}

export interface WorkerCounts {
  readonly started: number;
  readonly finished: number;
  /** Leases that ended before their task did. */
  readonly expired: number;
  /** Taken back or cancelled by the coordinator. */
  readonly revoked: number;
  /** Live output that was not sent. */
  readonly droppedOutputBytes: number;
}

interface ActiveTask {
  readonly lease: HeldLease;
  readonly live: LiveOutput;
  readonly done: Promise<void>;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #deps: WorkerDeps;
  readonly #taskDeps: TaskDeps;
  readonly #leases: LeaseTable;
  readonly #outbox: ResultOutbox;
  readonly #deliveries: Deliveries;
  readonly #specs: JobSpecs;
  readonly #active = new Map<number, ActiveTask>();
  readonly #counts = { started: 0, finished: 0, expired: 0, revoked: 0, droppedOutputBytes: 0 };
  #queue: HeldLease[] = [];
  #nodeOwner = '';
  #fogId: string | undefined;
  /** Of the last acknowledgement: the coordinator measures its round trip with it. */
  #ping: { readonly ping: number; readonly atMs: number } | undefined;
  #heartbeat: Heartbeat | undefined;
  #stopSweep: (() => void) | undefined;
  #stopReports: (() => void) | undefined;
  #stopped = false;

  constructor(options: WorkerOptions, deps: WorkerDeps) {
    const { runtime, cache, transfer, clock, identity, link, spool } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#leases = new LeaseTable(clock);
    this.#outbox = new ResultOutbox(
      link,
      (digests) => toBase64(identity.sign(manifestBatchBytes(link.fogId, identity.id, digests))),
      { clock, hasMore: () => this.#queue.length > 0 },
    );
    this.#deliveries = new Deliveries({
      clock,
      logger: deps.logger,
      outbox: this.#outbox,
      spool,
      transfer,
      node: identity.id,
      uploading: (token) => link.send({ type: 'progress', tasks: [{ token, phase: 'uploading' }] }),
    });
    this.#specs = new JobSpecs((job, signal) => transfer.jobSpec(job, signal));
    this.#taskDeps = {
      runtime,
      cache,
      specs: this.#specs,
      spoolDir: () => spool.pathOf(link.fogId),
      node: identity.id,
      fogId: () => link.fogId,
      nodeOwner: () => this.#nodeOwner,
      nowMs: () => clock.monotonicMs(),
      enter: (lease, phase) => this.#enter(lease, phase),
    };
  }

  get running(): number {
    return this.#active.size;
  }

  counts(): WorkerCounts {
    return { ...this.#counts };
  }

  /** Tokens to name in heartbeats: unfinished first. */
  held(): number[] {
    return [...this.#leases.tokens(), ...this.#deliveries.tokens()].slice(0, MAX_HELD_TOKENS);
  }

  /** A fog is met and about to be told the tokens: results an earlier run left for it are taken up. */
  meet(fogId: string): number[] {
    if (this.#fogId !== undefined && this.#fogId !== fogId) this.#leaveFog();
    this.#fogId = fogId;
    this.#deliveries.resume(fogId);
    return this.held();
  }

  welcome(welcome: ToAgentOf<'welcome'>): void {
    const { clock, link } = this.#deps;
    this.#nodeOwner = welcome.owner;
    for (const { lease } of this.#active.values()) lease.phaseReported = false;
    this.#heartbeat = new Heartbeat(welcome, onBothClocks(clock), {
      clock,
      holds: () => this.#leases.size + this.#deliveries.size > 0,
      send: () => this.#beat(),
      silent: () => link.drop('the coordinator does not answer heartbeats'),
    });
    this.#outbox.resend();
  }

  /** The session is over; work goes on until the leases end. */
  lost(): void {
    this.#ping = undefined;
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
  }

  message(message: SessionMessage): void {
    switch (message.type) {
      case 'work':
        return this.#take(message);
      case 'cancel':
        return this.#revoke(message.tokens, message.reason);
      case 'heartbeat-ack': {
        const told = this.#heartbeat?.answered();
        if (message.ping !== undefined) {
          this.#ping = { ping: message.ping, atMs: this.#deps.clock.monotonicMs() };
        }
        this.#revoke(message.revoked, 'the coordinator took the lease back');
        if (told !== undefined) this.#leases.renew(message.leaseMs, told);
        return;
      }
      case 'ack':
        for (const token of message.tokens) this.#deliveries.forget(token);
        for (const token of message.late) this.#deliveries.forget(token);
        return this.#pump();
    }
  }

  /** Gives all leases up and waits for what runs to end, as long as the sandboxes take. */
  async stop(reason: string): Promise<void> {
    this.#stopped = true;
    this.#outbox.flush();
    this.#deps.link.send({ type: 'goodbye' });
    this.lost();
    for (const token of this.#leases.tokens()) this.#leases.remove(token, reason);
    this.#queue = [];
    this.#stopSweep?.();
    this.#stopReports?.();
    await Promise.all([...this.#active.values()].map((task) => task.done));
    await this.#deliveries.close();
  }

  /** Tokens of another fog mean nothing here. */
  #leaveFog(): void {
    for (const token of this.#leases.tokens()) this.#leases.remove(token, 'the fog is another');
    this.#queue = [];
    this.#deliveries.leave();
  }

  #take(work: ToAgentOf<'work'>): void {
    this.#sweep();
    for (const job of work.jobs) this.#specs.add(job.id, job.owner, job.spec);
    const fresh = work.leases.filter(
      ({ token }) => !this.#leases.has(token) && !this.#deliveries.has(token),
    );
    const problem = this.#workProblem(fresh);
    if (problem !== undefined) return this.#deps.link.protocolError(problem);
    for (const lease of fresh) {
      this.#queue.push(this.#leases.add(lease, this.#specs.owner(lease.job) as string));
    }
    this.#heartbeat?.hurry();
    this.#stopSweep ??= this.#deps.clock.every(EXPIRY_CHECK_MS, () => this.#sweep());
    this.#pump();
  }

  #workProblem(fresh: ToAgentOf<'work'>['leases']): string | undefined {
    if (this.#leases.size + fresh.length > this.#options.credit) {
      return 'the coordinator sent more leases than this node has credit for';
    }
    if (this.#deliveries.size > MAX_HELD_TOKENS) {
      return 'the coordinator sends leases but acknowledges no results';
    }
    const nameless = fresh.some((lease) => this.#specs.owner(lease.job) === undefined);
    return nameless ? 'the coordinator sent a lease without its job' : undefined;
  }

  #revoke(tokens: readonly number[], reason: string): void {
    for (const token of tokens) {
      const lease = this.#leases.remove(token, reason);
      if (this.#deliveries.forget(token) || lease !== undefined) this.#counts.revoked += 1;
    }
    this.#pump();
  }

  #sweep(): void {
    for (const token of this.#leases.expired()) {
      this.#leases.remove(token, 'the lease ended');
      this.#counts.expired += 1;
      this.#deps.logger.warn('a lease ended before its task; the task was given up', {
        lease: token,
      });
    }
    if (this.#leases.size > 0) return;
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  #pump(): void {
    while (this.#active.size < this.#options.slots && this.#mayHoldMore()) {
      const lease = this.#queue.shift();
      if (lease === undefined) return;
      if (this.#leases.get(lease.token) === lease) this.#start(lease);
    }
  }

  #mayHoldMore(): boolean {
    return (
      this.#outbox.sizeBytes < MAX_UNACKED_BYTES && this.#deliveries.spoolBytes < MAX_SPOOL_BYTES
    );
  }

  #start(lease: HeldLease): void {
    const live = new LiveOutput(lease.token, this.#deps.link);
    this.#counts.started += 1;
    const done = runTask(lease, live, this.#taskDeps)
      .then((result) => this.#ended(lease, live, result))
      .catch((error: unknown) => {
        this.#deps.logger.error('a task could not be ended', { error: errorMessage(error) });
      });
    this.#active.set(lease.token, { lease, live, done });
    this.#stopReports ??= this.#deps.clock.every(REPORT_TICK_MS, () => this.#report());
    this.#deps.onRunning();
  }

  #ended(lease: HeldLease, live: LiveOutput, result: EndedTask): void {
    this.#active.delete(lease.token);
    this.#counts.finished += 1;
    this.#counts.droppedOutputBytes += live.droppedBytes;
    const mine = this.#leases.get(lease.token) === lease;
    if (mine) {
      this.#leases.remove(lease.token);
      this.#deliver(lease, result);
    } else result.dispose();
    this.#deps.onRunning();
    if (!this.#stopped) this.#pump();
  }

  #beat(): void {
    const { link, load } = this.#deps;
    link.send({ type: 'heartbeat', held: this.held(), load: load(), ...this.#pong() });
  }

  #pong(): Pick<Extract<FromAgent, { type: 'heartbeat' }>, 'pong'> {
    const ping = this.#ping;
    this.#ping = undefined;
    if (ping === undefined) return {};
    const heldMs = this.#deps.clock.monotonicMs() - ping.atMs;
    return { pong: { ping: ping.ping, heldMs } };
  }

  #deliver(lease: HeldLease, { json, digest, uploads, dispose }: EndedTask): void {
    const { clock, link } = this.#deps;
    const { token, job, index, attempt } = lease;
    const finishedAt = clock.now();
    const record = { lease: { token, job, index, attempt }, finishedAt, json, digest };
    this.#deliveries.add(link.fogId, { ...record, uploads: [...uploads] }, dispose);
  }

  #enter(lease: HeldLease, phase: Phase): void {
    lease.phase = phase;
    lease.phaseSinceMs = this.#deps.clock.monotonicMs();
    lease.phaseReported = false;
  }

  /** Phases and live output of tasks that take a while; short ones end between two ticks. */
  #report(): void {
    if (this.#active.size === 0) {
      this.#stopReports?.();
      this.#stopReports = undefined;
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const tasks: { token: number; phase: Phase }[] = [];
    for (const { lease, live } of this.#active.values()) {
      if (this.#leases.get(lease.token) !== lease) continue;
      live.tick(nowMs);
      const { token, phase, phaseReported, phaseSinceMs } = lease;
      if (phase === undefined || phaseReported || nowMs - phaseSinceMs < PROGRESS_AFTER_MS)
        continue;
      tasks.push({ token, phase });
      lease.phaseReported = true;
    }
    if (tasks.length > 0) this.#deps.link.send({ type: 'progress', tasks });
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
