import { isIP } from 'node:net';
import {
  type Endpoint,
  type Locality,
  markOf,
  NO_LOCALITY,
  type Problem,
  type Service,
  type SourceChange,
} from '@meshkeeper/mesh';

/** How a source's services become the catalog's. */
export interface TakenOptions {
  readonly name: string;
  /** Put before each service's name. */
  readonly prefix: string;
  /** Of endpoints that state none. */
  readonly locality: Locality | undefined;
}

/**
 * Takes what a source says: what a mesh has written is left out, so that nothing comes back into it;
 * names and localities are as configured. The same object gives the same object. Pure.
 */
export class Taken {
  readonly #options: TakenOptions;
  readonly #made = new WeakMap<Service, Service>();
  /** What could not be taken, by service's name at the source. */
  readonly #problems = new Map<string, readonly Problem[]>();

  constructor(options: TakenOptions) {
    this.#options = options;
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.values()].flat();
  }

  change(change: SourceChange): SourceChange {
    switch (change.type) {
      case 'reset':
        this.#problems.clear();
        return {
          type: 'reset',
          services: change.services.flatMap((each) => this.#service(each) ?? []),
        };
      case 'upsert': {
        const service = this.#service(change.service);
        const { name } = change.service;
        const departed = change.departed && { departed: change.departed };
        return service === undefined
          ? { type: 'remove', name: this.#nameOf(name), ...departed }
          : { ...change, service };
      }
      case 'remove':
        this.#problems.delete(change.name);
        return { ...change, name: this.#nameOf(change.name) };
    }
  }

  /** Undefined when all of it was written by a mesh. */
  #service(service: Service): Service | undefined {
    const known = this.#made.get(service);
    const own = service.endpoints.filter((endpoint) => markOf(endpoint) === undefined);
    if (own.length === 0 && service.endpoints.length > 0) {
      this.#problems.delete(service.name);
      return undefined;
    }
    const problems = own.filter(({ address }) => isIP(address) === 0).map(noAddress);
    if (problems.length === 0) this.#problems.delete(service.name);
    else this.#problems.set(service.name, problems);
    if (known !== undefined) return known;
    const made = {
      ...service,
      name: this.#nameOf(service.name),
      endpoints: own
        .filter(({ address }) => isIP(address) !== 0)
        .map((endpoint) => this.#endpoint(endpoint))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
    this.#made.set(service, made);
    return made;
  }

  #endpoint(endpoint: Endpoint): Endpoint {
    const { name, locality = NO_LOCALITY } = this.#options;
    const { region, zone, subzone } = endpoint.locality;
    const stated = region !== '' || zone !== '' || subzone !== '';
    if (endpoint.origin.registry === name && (stated || locality === NO_LOCALITY)) return endpoint;
    return {
      ...endpoint,
      locality: stated ? endpoint.locality : locality,
      origin: { ...endpoint.origin, registry: name },
    };
  }

  #nameOf(name: string): string {
    return `${this.#options.prefix}${name}`;
  }
}

function noAddress({ id, address, origin: { path } }: Endpoint): Problem {
  const message = `${id} has the address "${address}", which is no IP address`;
  return { path, code: 'bad-address', message };
}
