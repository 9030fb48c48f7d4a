import type { Endpoint } from '../model/endpoint.ts';

/** What one or more sources have at one address and port: the registration that counts, then the others. */
export type Registrations = readonly [Endpoint, ...Endpoint[]];

/**
 * One source's endpoints of a service by address and port; of several at one place the youngest
 * first. Most places are found by their address alone: its text is there already, and hashed.
 */
export class AddressIndex implements Iterable<Registrations> {
  readonly #places = new Map<string, Registrations>();

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      const { address } = endpoint;
      const first = this.#places.get(address);
      const key = first === undefined || isAt(first, endpoint) ? address : addressOf(endpoint);
      const others = this.#places.get(key);
      this.#places.set(key, others === undefined ? [endpoint] : byAge([...others, endpoint]));
    }
  }

  /** What is where an endpoint of another source is. */
  at(endpoint: Endpoint): Registrations | undefined {
    const first = this.#places.get(endpoint.address);
    if (first === undefined || isAt(first, endpoint)) return first;
    return this.#places.get(addressOf(endpoint));
  }

  [Symbol.iterator](): Iterator<Registrations> {
    return this.#places.values();
  }
}

/** Address and port as one key. */
export function addressOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/** True when no two endpoints have one address and port. */
export function haveOwnAddresses(endpoints: readonly Endpoint[]): boolean {
  const { length } = endpoints;
  if (new Set(endpoints.map(({ address }) => address)).size === length) return true;
  return new Set(endpoints.map(addressOf)).size === length;
}

function isAt([{ port }]: Registrations, endpoint: Endpoint): boolean {
  return port === endpoint.port;
}

function byAge(endpoints: [Endpoint, ...Endpoint[]]): Registrations {
  return endpoints.sort((a, b) => Number((b.origin.czxid ?? 0n) - (a.origin.czxid ?? 0n)));
}
