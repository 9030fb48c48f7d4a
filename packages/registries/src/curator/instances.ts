import { isIP } from 'node:net';
import type { Endpoint, Problem, Service } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import type { TreeEvent, ZNode } from '../tree/tree-change.ts';
import { decodeInstance, type UnresolvedEndpoint } from './decode.ts';
import { directoryOf, placeOf, serviceOfDirectory } from './layout.ts';

/**
 * The services of a discovery tree, kept from its events. Pure: tree events in, names of changed
 * services out; addresses are resolved by the function that it is given.
 *
 * A znode may be both: an instance of the service above it, and the directory of a nested one.
 */
export class Instances {
  readonly #registry: string;
  readonly #root: string;
  readonly #services = new Map<string, Map<string, UnresolvedEndpoint>>();
  /** Every znode there is below the root. */
  readonly #paths = new Set<string>();
  readonly #problems = new Map<string, Problem>();

  constructor(registry: string, root: string) {
    this.#registry = registry;
    this.#root = root;
  }

  /** Takes an event; gives the services that it changed, or `all` after a reset. */
  apply(event: TreeEvent): ReadonlySet<string> | 'all' {
    const changed = new Set<string>();
    if (event.type === 'reset') {
      const known = [...this.#services.keys()];
      this.#services.clear();
      this.#paths.clear();
      this.#problems.clear();
      for (const node of event.nodes.values()) this.#put(node, changed);
      // A service that is known stays known, without instances, while its directory is there.
      for (const name of known)
        if (this.#paths.has(directoryOf(this.#root, name))) this.#instancesOf(name);
      return 'all';
    }
    for (const path of event.removed) this.#remove(path, changed);
    for (const node of event.upserted) this.#put(node, changed);
    return changed;
  }

  /** What is no instance and should be one, by path. */
  get problems(): ReadonlyMap<string, Problem> {
    return this.#problems;
  }

  /** Names of all services. */
  get names(): Iterable<string> {
    return this.#services.keys();
  }

  /** The host names at which there are instances, with the services that they belong to. */
  hosts(): Map<string, Set<string>> {
    const hosts = new Map<string, Set<string>>();
    for (const [service, instances] of this.#services)
      for (const { address } of instances.values()) {
        if (isIP(address) !== 0) continue;
        const services = hosts.get(address);
        if (services === undefined) hosts.set(address, new Set([service]));
        else services.add(service);
      }
    return hosts;
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

  #put(node: ZNode, changed: Set<string>): void {
    const { path } = node;
    this.#problems.delete(path);
    if (serviceOfDirectory(this.#root, path) === undefined) return;
    this.#paths.add(path);
    // Who has children is a directory, whatever its data is.
    this.#problems.delete(parentOf(path));
    const place = placeOf(this.#root, path);
    if (place === undefined) return;
    const decoded = decodeInstance(this.#registry, place.node, node);
    if (decoded.type === 'instance') {
      this.#instancesOf(place.service).set(path, decoded.endpoint);
      changed.add(place.service);
      return;
    }
    // What it was before is not what it is now.
    this.#drop(place.service, path, changed);
    if (decoded.type === 'problem' && node.stat.numChildren === 0)
      this.#problems.set(path, decoded.problem);
  }

  #remove(path: string, changed: Set<string>): void {
    this.#problems.delete(path);
    if (!this.#paths.delete(path)) return;
    const directory = serviceOfDirectory(this.#root, path);
    if (directory !== undefined && this.#services.get(directory)?.size === 0) {
      this.#services.delete(directory);
      changed.add(directory);
    }
    const place = placeOf(this.#root, path);
    if (place !== undefined) this.#drop(place.service, path, changed);
  }

  /** Takes an instance out, and its service with the last one, unless its directory is there. */
  #drop(service: string, path: string, changed: Set<string>): void {
    const instances = this.#services.get(service);
    if (!instances?.delete(path)) return;
    changed.add(service);
    if (instances.size === 0 && !this.#paths.has(directoryOf(this.#root, service)))
      this.#services.delete(service);
  }

  #instancesOf(service: string): Map<string, UnresolvedEndpoint> {
    const instances = this.#services.get(service) ?? new Map<string, UnresolvedEndpoint>();
    this.#services.set(service, instances);
    return instances;
  }
}
