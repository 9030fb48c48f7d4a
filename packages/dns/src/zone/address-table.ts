import type { Endpoint } from '@meshkeeper/mesh';
import { reverseName } from './reverse-name.ts';

const NONE: readonly Endpoint[] = [];

/** Which services have endpoints at an address. */
export class AddressTable {
  /** How many of a service's endpoints are there, by the address's name in DNS and the service. */
  readonly #services = new Map<string, Map<string, number>>();

  /** Takes the endpoints of a service, which before had others; only what differs costs. */
  update(
    service: string,
    before: readonly Endpoint[] = NONE,
    after: readonly Endpoint[] = NONE,
  ): void {
    const kept = new Set(before);
    const added = after.filter((endpoint) => !kept.delete(endpoint));
    for (const { address } of kept) this.#count(address, service, -1);
    for (const { address } of added) this.#count(address, service, 1);
  }

  /** The services with endpoints at the address of a reverse name. */
  services(reverse: string): Iterable<string> {
    return this.#services.get(reverse)?.keys() ?? [];
  }

  /** Whether there is one. */
  has(reverse: string): boolean {
    return this.#services.has(reverse);
  }

  #count(address: string, service: string, by: number): void {
    const name = reverseName(address);
    if (name === undefined) return;
    const services = this.#services.get(name) ?? new Map<string, number>();
    const count = (services.get(service) ?? 0) + by;
    if (count > 0) this.#services.set(name, services.set(service, count));
    else {
      services.delete(service);
      if (services.size === 0) this.#services.delete(name);
    }
  }
}
