/**
 * Finished results on their way: outputs first, then the result, until the coordinator has it durably. What
 * takes longer than a moment is kept on disk as well, and so outlives the agent and a coordinator that is away.
 */
import path from 'node:path';
import { type Clock, errorMessage, isFogError, type Logger } from '@fog/kernel';
import { failedOutcome } from '@fog/wire';
import {
  DELIVER_AGAIN_MS,
  DELIVERIES_AT_ONCE,
  DELIVERY_ROUNDS,
  SPOOL_AFTER_MS,
  SPOOL_AGAIN_MS,
  TRANSFERS_PER_TASK,
} from '../limits.ts';
import { eachLimited } from '../staging/each-limited.ts';
import { pause } from '../staging/pause.ts';
import type { Transfer } from '../staging/transfer.ts';
import { clipMessage, encodeResult } from './encode-result.ts';
import type { ResultOutbox } from './result-outbox.ts';
import type { Spool } from './spool.ts';
import type { SpoolRecord } from './spool-record.ts';

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outbox: ResultOutbox;
  readonly spool: Spool;
  readonly transfer: Pick<Transfer, 'upload'>;
  /** Id of this node. */
  readonly node: string;
  /** Outputs of a task begin to be sent. */
  readonly uploading: (token: number) => void;
}

interface Delivery {
  readonly record: SpoolRecord;
  readonly fogId: string;
  readonly sinceMs: number;
  readonly abort: AbortController;
  readonly dispose: () => void;
  /** Settles when what is written of it now is written. */
  writing: Promise<void> | undefined;
  spooled: boolean;
}

/** The coordinator is there and cannot take the bytes for now: its disk is full, or it overloaded. */
const NOT_NOW = [429, 503, 507];

export class Deliveries {
  readonly #deps: DeliveryDeps;
  readonly #all = new Map<number, Delivery>();
  readonly #toUpload: Delivery[] = [];
  #uploading = 0;
  #spoolBytes = 0;
  #stopSweep: (() => void) | undefined;
  #notBeforeMs = 0;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Of outputs that wait on disk. */
  get spoolBytes(): number {
    return this.#spoolBytes;
  }

  tokens(): number[] {
    return [...this.#all.keys()];
  }

  has(token: number): boolean {
    return this.#all.has(token);
  }

  /** A task has ended; `dispose` removes its output files. */
  add(fogId: string, record: SpoolRecord, dispose: () => void): void {
    this.#begin(fogId, record, dispose);
    this.#stopSweep ??= this.#deps.clock.every(SPOOL_AFTER_MS, () => this.#sweep());
  }

  /** Takes up what an earlier run of the agent left for this fog. */
  resume(fogId: string): void {
    for (const record of this.#deps.spool.take(fogId)) {
      const dir = this.#deps.spool.dirOf(fogId);
      const files = record.uploads.map(({ name }) => path.join(dir, name));
      const delivery = this.#begin(fogId, record, () => this.#deps.spool.discard(files));
      delivery.spooled = true;
    }
  }

  /** The coordinator has it, or does not want it. */
  forget(token: number): boolean {
    const delivery = this.#all.get(token);
    if (delivery === undefined) return false;
    this.#all.delete(token);
    this.#spoolBytes -= uploadBytes(delivery.record);
    this.#deps.outbox.forget(token);
    // Only an upload listens, and an abort costs as much as all else here.
    if (delivery.record.uploads.length > 0) delivery.abort.abort();
    delivery.dispose();
    void this.#unspool(delivery);
    return true;
  }

  /** Everything is on disk when it resolves, as far as the disk takes it; nothing is sent any more. */
  async close(): Promise<void> {
    this.#stopSweep?.();
    const all = [...this.#all.values()];
    for (const { abort } of all) abort.abort();
    await Promise.all(all.map((delivery) => this.#keep(delivery)));
  }

  /** Lets go of the results for another fog; those on disk stay there for it. */
  leave(): void {
    for (const delivery of this.#all.values()) {
      delivery.abort.abort();
      void this.#keep(delivery);
    }
    this.#all.clear();
    this.#spoolBytes = 0;
    this.#deps.outbox.clear();
  }

  #begin(fogId: string, record: SpoolRecord, dispose: () => void): Delivery {
    const delivery: Delivery = {
      record,
      fogId,
      sinceMs: this.#deps.clock.monotonicMs(),
      abort: new AbortController(),
      dispose,
      writing: undefined,
      spooled: false,
    };
    this.#all.set(record.lease.token, delivery);
    this.#spoolBytes += uploadBytes(record);
    if (record.uploads.length === 0) this.#send(delivery, record);
    else {
      this.#toUpload.push(delivery);
      this.#pump();
    }
    return delivery;
  }

  #send(delivery: Delivery, result: Pick<SpoolRecord, 'json' | 'digest'>): void {
    const { token } = delivery.record.lease;
    if (this.#all.get(token) !== delivery) return;
    this.#deps.outbox.add({ token, json: result.json, digest: result.digest });
  }

  #pump(): void {
    while (this.#uploading < DELIVERIES_AT_ONCE) {
      const delivery = this.#toUpload.shift();
      if (delivery === undefined) return;
      if (delivery.abort.signal.aborted) continue;
      this.#uploading += 1;
      void this.#upload(delivery).finally(() => {
        this.#uploading -= 1;
        this.#pump();
      });
    }
  }

  /** Never throws: what cannot be uploaded becomes the fog's failure. */
  async #upload(delivery: Delivery): Promise<void> {
    const { record, abort } = delivery;
    this.#deps.uploading(record.lease.token);
    for (let round = 1; ; round += 1) {
      try {
        await this.#uploadFiles(delivery);
        return this.#send(delivery, record);
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!mayPass(error, round)) return this.#send(delivery, this.#failed(delivery, error));
        await pause(this.#deps.clock, DELIVER_AGAIN_MS, abort.signal);
      }
    }
  }

  #uploadFiles({ record, fogId, abort }: Delivery): Promise<void> {
    const dir = this.#deps.spool.dirOf(fogId);
    return eachLimited(record.uploads, TRANSFERS_PER_TASK, ({ name, content, sizeBytes }) => {
      const source = { file: path.join(dir, name) };
      return this.#deps.transfer.upload(
        record.lease.token,
        { content, sizeBytes, source },
        abort.signal,
      );
    });
  }

  #failed({ record, fogId }: Delivery, error: unknown): Pick<SpoolRecord, 'json' | 'digest'> {
    const message = clipMessage(`outputs could not be uploaded: ${errorMessage(error)}`);
    const lease = { ...record.lease, item: undefined };
    const context = { fogId, node: this.#deps.node, lease };
    return encodeResult(
      { ...context, spec: undefined, runtimeVersion: undefined },
      failedOutcome('UPLOAD', message),
    );
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#all.size === 0) {
      this.#stopSweep?.();
      this.#stopSweep = undefined;
    }
    if (nowMs < this.#notBeforeMs) return;
    for (const delivery of this.#all.values()) {
      if (nowMs - delivery.sinceMs >= SPOOL_AFTER_MS) void this.#keep(delivery);
    }
  }

  /** Never throws: without a disk the result stays in memory. */
  #keep(delivery: Delivery): Promise<void> {
    if (delivery.spooled) return Promise.resolve();
    return (delivery.writing ??= this.#write(delivery).finally(() => {
      delivery.writing = undefined;
    }));
  }

  async #write(delivery: Delivery): Promise<void> {
    const { clock, logger, spool } = this.#deps;
    try {
      await spool.write(delivery.fogId, delivery.record);
      delivery.spooled = true;
    } catch (error) {
      // One that was delivered meanwhile has no files any more; the disk is well.
      if (this.#all.has(delivery.record.lease.token)) {
        this.#notBeforeMs = clock.monotonicMs() + SPOOL_AGAIN_MS;
        logger.warn('a result cannot be kept on disk', { error: errorMessage(error) });
      }
    }
  }

  async #unspool(delivery: Delivery): Promise<void> {
    await delivery.writing;
    if (!delivery.spooled) return;
    const { token } = delivery.record.lease;
    await this.#deps.spool.remove(delivery.fogId, token).catch((error: unknown) => {
      this.#deps.logger.warn('a delivered result stays on disk', { error: errorMessage(error) });
    });
  }
}

function uploadBytes({ uploads }: SpoolRecord): number {
  return uploads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function mayPass(error: unknown, round: number): boolean {
  if (!isFogError(error, 'AGENT_TRANSFER')) return false;
  const { status } = error.details;
  return typeof status === 'number' ? NOT_NOW.includes(status) : round < DELIVERY_ROUNDS;
}
