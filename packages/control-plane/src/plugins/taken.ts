import { isIP } from 'node:net';
import {
  type Endpoint,
  hostNameFault,
  type Locality,
  markOf,
  NO_LOCALITY,
  type Problem,
  type Service,
  type SourceChange,
  statedHostFault,
  statedHosts,
} from '@meshkeeper/mesh';
import { HostIndex } from '@meshkeeper/registries';

/** How a source's services become the catalog's. */
export interface TakenOptions {
  readonly name: string;
  /** Put before each service's name. */
  readonly prefix: string;
  /** Of endpoints that state none. */
  readonly locality: Locality | undefined;
}

/** What is known of host names' addresses. */
export interface Addresses {
  /** Undefined while none is known. */
  address(host: string): string | undefined;
  /** Why there is none. */
  failure(host: string): string | undefined;
}

/** What was made of a service, for as long as its host names have the same addresses. */
interface Made {
  readonly service: Service;
  readonly addresses: readonly (string | undefined)[];
}

/** Host names that are named in a problem, and characters of each. */
const FEW = 3;
const LONGEST = 64;

const HIGHEST_PORT = 65_535;

const NO_ADDRESSES: Made['addresses'] = [];

/**
 * Takes what a source says: what a mesh has written is left out, so that nothing comes back into it;
 * names and localities are as configured, and endpoints at host names are where those are. The same
 * object gives the same object.
 */
export class Taken {
  readonly #options: TakenOptions;
  readonly #addresses: Addresses;
  readonly #made = new WeakMap<Service, Made>();
  /** The services that have endpoints at host names, as the source said them, by its names for them. */
  readonly #named = new Map<string, Service>();
  /** What could not be taken, by service's name at the source. */
  readonly #problems = new Map<string, readonly Problem[]>();
  /** Which of the source's services are at which host names. */
  readonly hosts = new HostIndex();

  constructor(options: TakenOptions, addresses: Addresses) {
    this.#options = options;
    this.#addresses = addresses;
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.values()].flat();
  }

  change(change: SourceChange): SourceChange {
    switch (change.type) {
      case 'reset':
        this.#problems.clear();
        for (const name of [...this.#named.keys()]) this.#forget(name);
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
        this.#forget(change.name);
        return { ...change, name: this.#nameOf(change.name) };
    }
  }

  /** What is otherwise since more is known of a host name. */
  again(host: string): readonly SourceChange[] {
    return [...this.hosts.services(host)].flatMap((name) => {
      const service = this.#named.get(name);
      return service === undefined ? [] : [this.change({ type: 'upsert', service })];
    });
  }

  /** Undefined when all of it was written by a mesh. */
  #service(service: Service): Service | undefined {
    const own = service.endpoints.filter((endpoint) => markOf(endpoint) === undefined);
    if (own.length === 0 && service.endpoints.length > 0) {
      this.#forget(service.name);
      return undefined;
    }
    const hosts = own.map(({ address }) => address).filter(isHostName);
    if (hosts.length === 0) this.#forget(service.name);
    else this.#named.set(service.name, service);
    this.hosts.set(service.name, hosts);
    const addresses = hosts.length === 0 ? NO_ADDRESSES : hosts.map((host) => this.#at(host));
    const problems = [
      ...own.flatMap((each) => [...this.#noAddress(each), ...badNumber(each)]),
      ...refusedHosts(service),
    ];
    if (problems.length === 0) this.#problems.delete(service.name);
    else this.#problems.set(service.name, problems);
    const known = this.#made.get(service);
    if (known?.addresses.every((address, i) => address === addresses[i])) return known.service;
    const made = this.#make(service, own);
    this.#made.set(service, { service: made, addresses });
    return made;
  }

  #make({ hosts: stated, ...service }: Service, own: readonly Endpoint[]): Service {
    const hosts = stated && statedHosts(stated);
    return {
      ...service,
      name: this.#nameOf(service.name),
      endpoints: own
        .flatMap((endpoint) => this.#endpoint(endpoint) ?? [])
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      ...(hosts && { hosts }),
    };
  }

  #endpoint(endpoint: Endpoint): Endpoint | undefined {
    const { name, locality = NO_LOCALITY } = this.#options;
    const { address: host, origin } = endpoint;
    const address = this.#at(host);
    if (address === undefined || numberFault(endpoint) !== undefined) return undefined;
    const { region, zone, subzone } = endpoint.locality;
    const stated = region !== '' || zone !== '' || subzone !== '';
    const isComplete = origin.registry === name && (stated || locality === NO_LOCALITY);
    if (isComplete && address === host) return endpoint;
    return {
      ...endpoint,
      ...(address !== host && { address, hostname: host }),
      locality: stated ? endpoint.locality : locality,
      origin: { ...origin, registry: name },
    };
  }

  /** Where a host is; undefined: nobody knows (yet). */
  #at(host: string): string | undefined {
    if (isIP(host) !== 0) return host;
    return isHostName(host) ? this.#addresses.address(host) : undefined;
  }

  #noAddress({ id, address, origin: { path } }: Endpoint): readonly Problem[] {
    if (isIP(address) !== 0) return [];
    const fault = isHostName(address)
      ? this.#addresses.failure(address)
      : `${id} has the address "${address}", which is neither an IP address nor a host name`;
    return fault === undefined ? [] : [{ path, code: 'bad-address', message: fault }];
  }

  #forget(name: string): void {
    this.#problems.delete(name);
    this.#named.delete(name);
    this.hosts.set(name, []);
  }

  #nameOf(name: string): string {
    return `${this.#options.prefix}${name}`;
  }
}

function badNumber(endpoint: Endpoint): readonly Problem[] {
  const fault = numberFault(endpoint);
  const { id, origin } = endpoint;
  return fault === undefined
    ? []
    : [{ path: origin.path, code: 'malformed', message: `${id} has ${fault}` }];
}

/** A platform may let in what no data plane takes: one such endpoint must not cost the others. */
function numberFault({ port, weight }: Endpoint): string | undefined {
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT)
    return `the port ${port}, which is not one from 1 to ${HIGHEST_PORT}`;
  if (!Number.isFinite(weight) || weight < 0)
    return `the weight ${weight}, which is not a number from 0 up`;
  return undefined;
}

function isHostName(address: string): boolean {
  return isIP(address) === 0 && hostNameFault(address) === undefined;
}

/** Host names that a service is not reached by, although its source says so: of one service a few. */
function refusedHosts({ name, hosts = [] }: Service): readonly Problem[] {
  const faults = hosts.flatMap((host) => {
    const fault = statedHostFault(host);
    return fault === undefined ? [] : [`"${shortened(host)}", which ${fault}`];
  });
  if (faults.length === 0) return [];
  const message = `callers do not know it as ${faults.slice(0, FEW).join('; ')}`;
  return [{ path: name, code: 'not-applied', message, services: [name] }];
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
