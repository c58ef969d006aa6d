/**
 * Finished results on disk, so that they outlive the agent: `<dir>/<fog id>/<token>.json` beside the files of
 * large outputs. Tokens are those of one fog, and its results go to no other.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import { NodeId } from '@fog/wire';
import { SPOOL_AGE_MS } from '../limits.ts';
import { SpoolRecord } from './spool-record.ts';

export interface SpoolDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

const RECORD = /^(\d+)\.json$/;
const PART = /^(\d+)-(?:stdout|stderr|f\d+)$/;

export class Spool {
  readonly #dir: string;
  readonly #deps: SpoolDeps;
  /** Read at start and not yet taken, by fog. */
  readonly #found = new Map<string, SpoolRecord[]>();

  constructor(dir: string, deps: SpoolDeps) {
    this.#dir = dir;
    this.#deps = deps;
  }

  /** Reads what earlier runs left; what is damaged, too old or belongs to no result is removed. */
  async open(): Promise<void> {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#dir)) {
      if (NodeId.safeParse(name).success) await this.#read(name);
      else await rm(path.join(this.#dir, name), { recursive: true, force: true });
    }
  }

  /** Where outputs of tasks of a fog are collected, made or not. */
  pathOf(fogId: string): string {
    return path.join(this.#dir, fogId);
  }

  /** The same, made. */
  dirOf(fogId: string): string {
    const dir = this.pathOf(fogId);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return dir;
  }

  /** What earlier runs left of a fog; once. */
  take(fogId: string): readonly SpoolRecord[] {
    const found = this.#found.get(fogId) ?? [];
    this.#found.delete(fogId);
    return found;
  }

  /** Durable when it resolves. Throws what the file system throws. */
  async write(fogId: string, record: SpoolRecord): Promise<void> {
    const dir = this.dirOf(fogId);
    for (const { name } of record.uploads) await syncFile(path.join(dir, name));
    await replacePrivateFile(path.join(dir, `${record.lease.token}.json`), JSON.stringify(record));
  }

  async remove(fogId: string, token: number): Promise<void> {
    await rm(path.join(this.#dir, fogId, `${token}.json`), { force: true });
  }

  /** Removes output files. */
  discard(files: readonly string[]): void {
    for (const file of files) rmSync(file, { force: true });
  }

  async #read(fogId: string): Promise<void> {
    const dir = path.join(this.#dir, fogId);
    const names = await readdir(dir);
    const records: SpoolRecord[] = [];
    for (const name of names.filter((each) => RECORD.test(each))) {
      const record = await this.#readRecord(path.join(dir, name));
      if (record !== undefined) records.push(record);
    }
    const kept = new Set(records.map(({ lease }) => lease.token));
    for (const name of names) {
      const [, token] = RECORD.exec(name) ?? PART.exec(name) ?? [];
      if (token !== undefined && kept.has(Number(token))) continue;
      await rm(path.join(dir, name), { recursive: true, force: true });
    }
    if (records.length > 0) this.#found.set(fogId, records);
  }

  async #readRecord(file: string): Promise<SpoolRecord | undefined> {
    const { clock, logger } = this.#deps;
    try {
      const record = SpoolRecord.parse(JSON.parse(await readFile(file, 'utf8')));
      if (clock.now() - record.finishedAt <= SPOOL_AGE_MS) return record;
      logger.warn('a result was not delivered in time and is dropped', {
        lease: record.lease.token,
      });
    } catch (error) {
      logger.warn('a kept result cannot be read and is dropped', { error: errorMessage(error) });
    }
    return undefined;
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
