import type { Departure, Endpoint, Service } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';

/** What a registry holds, and the changes that its source would report. */
export class Truth {
  readonly name: string;
  #services = new Map<string, Service>();
  #zxid = 0;

  constructor(name: string) {
    this.name = name;
  }

  get services(): readonly Service[] {
    return [...this.#services.values()];
  }

  /** An instance registers, or changes what it says. */
  register(name: string, id: string, port: number, stated: Partial<Endpoint>) {
    const fresh = { ...endpoint(id, port, ++this.#zxid, this.name), ...stated };
    const others = this.#others(name, id);
    return { type: 'upsert' as const, service: this.#put(name, [...others, fresh]) };
  }

  /** An instance leaves; undefined when it isn't there. */
  leave(name: string, id: string, departure: Departure) {
    if (!this.#services.get(name)?.endpoints.some((other) => other.id === id)) return undefined;
    const departed = new Map([[id, departure]]);
    return { type: 'upsert' as const, service: this.#put(name, this.#others(name, id)), departed };
  }

  /** The whole service goes. */
  remove(name: string) {
    this.#services.delete(name);
    return { type: 'remove' as const, name };
  }

  reset() {
    return { type: 'reset' as const, services: this.services };
  }

  #others(name: string, id: string): Endpoint[] {
    return (this.#services.get(name)?.endpoints ?? []).filter((other) => other.id !== id);
  }

  #put(name: string, endpoints: Endpoint[]): Service {
    const sorted = endpoints.sort((a, b) => (a.id < b.id ? -1 : 1));
    const put = service(name, ...sorted);
    this.#services.set(name, put);
    return put;
  }
}
