/**
 * What a relay remembers between runs, besides its keys: the descriptor it published last, so that the next has
 * a higher revision, and the shared random values its delays came from, so that it can reveal them.
 */
import { readFile } from 'node:fs/promises';
import { fromUtf8 } from '@fog/kernel';
import { MAX_REVEALS } from './limits.ts';
import { writeSecret } from './secret-files.ts';

export interface UsedValue {
  readonly epoch: number;
  readonly sharedRandom: Uint8Array;
}

/** Epochs a value is kept: those still held, and those to reveal. */
const MAX_VALUES = MAX_REVEALS + 4;

export class RelayMemory {
  readonly #file: string;
  readonly #values = new Map<number, Uint8Array>();
  #last: { readonly epoch: number; readonly revision: number } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** A file that is missing or damaged is as if the relay had never run. */
  async load(): Promise<void> {
    const bytes = await readFile(this.#file).catch(() => undefined);
    const content = bytes === undefined ? undefined : readContent(fromUtf8(bytes));
    if (content === undefined) return;
    this.#last = { epoch: content.epoch, revision: content.revision };
    for (const [epoch, value] of content.values) this.#values.set(epoch, Buffer.from(value, 'hex'));
  }

  /** The revision for a descriptor of the epoch; a higher one each time, also after a crash in between. */
  async nextRevision(epoch: number): Promise<number> {
    const revision = this.#last?.epoch === epoch ? this.#last.revision + 1 : 0;
    this.#last = { epoch, revision };
    await this.#store();
    return revision;
  }

  value(epoch: number): Uint8Array | undefined {
    return this.#values.get(epoch);
  }

  remember(epoch: number, sharedRandom: Uint8Array): void {
    this.#values.set(epoch, sharedRandom);
    const old = [...this.#values.keys()].sort((a, b) => b - a).slice(MAX_VALUES);
    for (const each of old) this.#values.delete(each);
  }

  /** Values of epochs before this one, the newest last. */
  before(epoch: number): UsedValue[] {
    return [...this.#values]
      .filter(([each]) => each < epoch)
      .sort(([a], [b]) => a - b)
      .slice(-MAX_REVEALS)
      .map(([each, sharedRandom]) => ({ epoch: each, sharedRandom }));
  }

  async #store(): Promise<void> {
    const values = [...this.#values].map(([epoch, value]) => [
      epoch,
      Buffer.from(value).toString('hex'),
    ]);
    const text = JSON.stringify({ ...this.#last, values });
    await writeSecret(this.#file, `${text}\n`);
  }
}

interface Content {
  readonly epoch: number;
  readonly revision: number;
  readonly values: readonly (readonly [number, string])[];
}

function readContent(text: string): Content | undefined {
  try {
    const { epoch, revision, values } = JSON.parse(text) as Record<string, unknown>;
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(revision)) return undefined;
    if (!Array.isArray(values)) return undefined;
    const good = values.filter(isValue);
    return { epoch: epoch as number, revision: revision as number, values: good };
  } catch {
    return undefined;
  }
}

function isValue(value: unknown): value is [number, string] {
  if (!Array.isArray(value)) return false;
  const [epoch, hex] = value as unknown[];
  return Number.isSafeInteger(epoch) && typeof hex === 'string' && /^[0-9a-f]{64}$/.test(hex);
}
