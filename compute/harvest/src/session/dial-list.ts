/** The addresses of the coordinators of one fog, in the order they are dialled. */
import { type FogAddress, formatFogAddress, MAX_ADDRESSES, readFogAddress } from '@fog/wire';

export class DialList {
  readonly fogId: string | undefined;
  #urls: readonly URL[];
  #index = 0;

  constructor({ fogId, urls }: FogAddress) {
    this.fogId = fogId;
    this.#urls = urls;
  }

  get current(): URL {
    return this.#urls[this.#index] as URL;
  }

  get size(): number {
    return this.#urls.length;
  }

  /** For a person. */
  get text(): string {
    return formatFogAddress({ fogId: undefined, urls: this.#urls });
  }

  /** The next attempt goes to the next address; true when all have had their turn. */
  next(): boolean {
    this.#index = (this.#index + 1) % this.#urls.length;
    return this.#index === 0;
  }

  /** Further addresses the fog names; those it can be reached at safely come behind the present ones. */
  learn(addresses: readonly string[]): readonly URL[] {
    const urls = addresses.flatMap((text) => this.#ofThisFog(text));
    const known = new Set(this.#urls.map(({ host }) => host));
    const fresh = urls.filter(({ host }) => !known.has(host));
    this.#urls = [...this.#urls, ...fresh].slice(0, MAX_ADDRESSES);
    return urls;
  }

  /** A fog that is reached by TLS cannot lead its agents out of it, nor to another key. */
  #ofThisFog(text: string): readonly URL[] {
    const { address } = readFogAddress(text);
    if (address === undefined) return [];
    const sameKey = address.fogId === undefined || address.fogId === this.fogId;
    return sameKey ? address.urls.filter((url) => url.protocol === this.current.protocol) : [];
  }
}
