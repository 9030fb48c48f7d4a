import type { Endpoint, Problem, Protocol, Service } from '@meshkeeper/mesh';
import type { Decoded, Reading } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { KnownZNodes } from './known-znodes.ts';
import { directoryOf, placeOf, serviceOfDirectory } from './layout.ts';

/** An instance that stands in a directory. */
interface Instance {
  readonly endpoint: Endpoint;
  readonly protocol: Protocol;
}

/** A directory with instances. */
interface Directory {
  /** By path. */
  readonly instances: Map<string, Instance>;
  /** The endpoints by id; undefined when they are to be sorted anew. */
  sorted: readonly Endpoint[] | undefined;
}

/**
 * Services that are directories of instances: `<root>/<service>/<instance>`. A service name with `/`
 * in it nests directories, and a znode may be both: an instance of the service above it, and the
 * directory of a nested one.
 */
export class DirectoryReading implements Reading {
  readonly #root: string;
  readonly #decode: (node: ZNode, name: string) => Decoded;
  readonly #services = new Map<string, Directory>();
  /** Every znode there is below the root. */
  readonly #znodes = new KnownZNodes();

  /** `decode` is told the last part of the path, too. */
  constructor(root: string, decode: (node: ZNode, name: string) => Decoded) {
    this.#root = root;
    this.#decode = decode;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#znodes.problems;
  }

  get names(): Iterable<string> {
    return this.#services.keys();
  }

  service(name: string): Service | undefined {
    const directory = this.#services.get(name);
    if (directory === undefined) return undefined;
    const { instances } = directory;
    directory.sorted ??= [...instances.values()]
      .map(({ endpoint }) => endpoint)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const [first] = directory.sorted;
    const protocol = first && instances.get(first.origin.path)?.protocol;
    return { name, protocol: protocol ?? 'http', endpoints: directory.sorted };
  }

  put(node: ZNode): ReadonlySet<string> {
    const changed = new Set<string>();
    const { path } = node;
    if (serviceOfDirectory(this.#root, path) === undefined) return changed;
    this.#znodes.put(path);
    const place = placeOf(this.#root, path);
    if (place === undefined) return changed;
    const decoded = this.#decode(node, place.node);
    if (decoded.type === 'instance') {
      const { endpoint, protocol = 'http' } = decoded;
      const directory = this.#directoryOf(place.service);
      const before = directory.instances.get(path)?.endpoint;
      directory.instances.set(path, { endpoint, protocol });
      directory.sorted = replaced(directory.sorted, before, endpoint);
      changed.add(place.service);
      return changed;
    }
    // What it was before is not what it is now.
    this.#drop(place.service, path, changed);
    if (decoded.type === 'problem') this.#znodes.report(decoded.problem);
    return changed;
  }

  remove(path: string): ReadonlySet<string> {
    const changed = new Set<string>();
    if (!this.#znodes.remove(path)) return changed;
    const directory = serviceOfDirectory(this.#root, path);
    if (directory !== undefined && this.#services.get(directory)?.instances.size === 0) {
      this.#services.delete(directory);
      changed.add(directory);
    }
    const place = placeOf(this.#root, path);
    if (place !== undefined) this.#drop(place.service, path, changed);
    return changed;
  }

  /** Takes an instance out, and its service with the last one, unless its directory is there. */
  #drop(service: string, path: string, changed: Set<string>): void {
    const directory = this.#services.get(service);
    if (!directory?.instances.delete(path)) return;
    directory.sorted = undefined;
    changed.add(service);
    if (directory.instances.size === 0 && !this.#znodes.has(directoryOf(this.#root, service)))
      this.#services.delete(service);
  }

  #directoryOf(service: string): Directory {
    const directory = this.#services.get(service) ?? { instances: new Map(), sorted: undefined };
    this.#services.set(service, directory);
    return directory;
  }
}

/** The sorted endpoints with another in the place of one with the same id; undefined: sort anew. */
function replaced(
  sorted: readonly Endpoint[] | undefined,
  before: Endpoint | undefined,
  after: Endpoint,
): readonly Endpoint[] | undefined {
  if (sorted === undefined || before?.id !== after.id) return undefined;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.id < after.id) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === before ? sorted.with(low, after) : undefined;
}
