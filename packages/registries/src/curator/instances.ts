import type { Endpoint, Problem, Service } from '@meshkeeper/mesh';
import type { TreeEvent, ZNode } from '../tree/tree-change.ts';
import { decodeInstance, type UnresolvedEndpoint } from './decode.ts';
import { placeOf, serviceOfDirectory } from './layout.ts';

/**
 * The services of a discovery tree, kept from its events. Pure: tree events in, names of changed
 * services out; addresses are resolved by the function that it is given.
 */
export class Instances {
  readonly #registry: string;
  readonly #root: string;
  readonly #services = new Map<string, Map<string, UnresolvedEndpoint>>();
  readonly #directories = new Set<string>();
  readonly problems = new Map<string, Problem>();

  constructor(registry: string, root: string) {
    this.#registry = registry;
    this.#root = root;
  }

  /** Takes an event; gives the services that it changed, or `all` after a reset. */
  apply(event: TreeEvent): ReadonlySet<string> | 'all' {
    if (event.type === 'reset') {
      const known = [...this.#services.keys()];
      this.#services.clear();
      this.#directories.clear();
      this.problems.clear();
      for (const node of event.nodes.values()) this.#put(node);
      // A service that is known stays known, without instances, while its directory is there.
      for (const name of known) if (this.#directories.has(name)) this.#instancesOf(name);
      return 'all';
    }
    const changed = new Set<string>();
    for (const path of event.removed) this.#remove(path, changed);
    for (const node of event.upserted) {
      const service = this.#put(node);
      if (service !== undefined) changed.add(service);
    }
    return changed;
  }

  /** Names of all services. */
  get names(): Iterable<string> {
    return this.#services.keys();
  }

  /** The services that have an instance at this host name. */
  servicesAt(host: string): string[] {
    return [...this.#services]
      .filter(([, instances]) => [...instances.values()].some(({ address }) => address === host))
      .map(([name]) => name);
  }

  /**
   * The service as it stands; undefined when there is none.
   * @param resolve the IP address of an address; undefined leaves the endpoint out
   */
  service(
    name: string,
    resolve: (address: string, path: string) => string | undefined,
  ): Service | undefined {
    const instances = this.#services.get(name);
    if (instances === undefined) return undefined;
    const endpoints: Endpoint[] = [];
    for (const [path, endpoint] of instances) {
      const address = resolve(endpoint.address, path);
      if (address === undefined) continue;
      const named = address !== endpoint.address;
      endpoints.push(named ? { ...endpoint, address, hostname: endpoint.address } : endpoint);
    }
    endpoints.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { name, protocol: 'http', endpoints };
  }

  /** The service that the znode belongs to, if it changed one. */
  #put(node: ZNode): string | undefined {
    const directory = serviceOfDirectory(this.#root, node.path);
    const place = placeOf(this.#root, node.path);
    this.problems.delete(node.path);
    if (directory === undefined) return undefined;
    const decoded =
      place === undefined || node.stat.numChildren > 0
        ? ({ type: 'directory' } as const)
        : decodeInstance(this.#registry, place.node, node);
    if (place === undefined || decoded.type === 'directory') {
      this.#directories.add(directory);
      return undefined;
    }
    if (decoded.type === 'problem') {
      this.problems.set(node.path, decoded.problem);
      // What it was before it broke is not what it is now.
      return this.#services.get(place.service)?.delete(node.path) ? place.service : undefined;
    }
    this.#instancesOf(place.service).set(node.path, decoded.endpoint);
    return place.service;
  }

  #remove(path: string, changed: Set<string>): void {
    this.problems.delete(path);
    const directory = serviceOfDirectory(this.#root, path);
    if (directory !== undefined && this.#directories.delete(directory)) {
      if (this.#services.get(directory)?.size === 0) {
        this.#services.delete(directory);
        changed.add(directory);
      }
      return;
    }
    const place = placeOf(this.#root, path);
    if (place === undefined || !this.#services.get(place.service)?.delete(path)) return;
    if (!this.#directories.has(place.service) && this.#services.get(place.service)?.size === 0)
      this.#services.delete(place.service);
    changed.add(place.service);
  }

  #instancesOf(service: string): Map<string, UnresolvedEndpoint> {
    const instances = this.#services.get(service) ?? new Map<string, UnresolvedEndpoint>();
    this.#services.set(service, instances);
    return instances;
  }
}
