import { isInBlock, type Locality } from '@meshkeeper/mesh';

/** Where those are who ask from these addresses. */
export interface ClientPlace {
  /** `10.1.0.0/16`. */
  readonly cidr: string;
  readonly locality: Locality;
}

/** What is remembered of addresses before it is found out anew. */
const MOST_ADDRESSES = 4096;

/** Where clients are, by their addresses: the first block that an address is in counts. */
export class Places {
  readonly #places: readonly ClientPlace[];
  readonly #known = new Map<string, number>();

  constructor(places: readonly ClientPlace[]) {
    this.#places = places;
  }

  /** A number for the place of an address; 0: nobody knows. */
  of(address: string): number {
    if (this.#places.length === 0) return 0;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    // As a socket for both families calls those of the older.
    const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
    const found = this.#places.findIndex(({ cidr }) => isInBlock(cidr, bracketed(plain))) + 1;
    if (this.#known.size >= MOST_ADDRESSES) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }

  /** The place of a number. */
  locality(place: number): Locality | undefined {
    return this.#places[place - 1]?.locality;
  }
}

/** An authority's host, which is what blocks are compared with. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
