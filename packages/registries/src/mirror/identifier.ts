import { type Endpoint, type Mark, markOf, NO_LOCALITY } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import type { Dialect, Reading } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { mayBeMarked } from './mark.ts';

/** What a znode by itself is. */
export interface Identified {
  /**
   * The directory and the address: the same of two znodes of one instance. Of one that is a whole
   * service, its path.
   */
  readonly key: string;
  /** Undefined of what somebody has registered. */
  readonly mark: Mark | undefined;
  /** How many instances it is. */
  readonly size: number;
}

/** An endpoint, and the service that it is one of. */
export interface NamedEndpoint {
  readonly service: string;
  readonly endpoint: Endpoint;
}

/**
 * Tells which instance a znode is, and whether it is mirrored, by what the dialect makes of it alone.
 * Pure.
 */
export class Identifier {
  readonly #reading: Reading;
  /** A znode is a whole service. */
  readonly #isWhole: boolean;

  constructor(dialect: Dialect, root: string) {
    this.#isWhole = dialect.encodeService !== undefined;
    this.#reading = dialect.reading({ registry: '', root, locality: NO_LOCALITY });
  }

  /** Undefined for a znode that is no instance of its own, and for a whole service of somebody else. */
  identify(node: ZNode): Identified | undefined {
    const found = this.endpoints(node);
    const [first] = found;
    if (first === undefined) return undefined;
    if (this.#isWhole) {
      // What somebody has added to ours is in ours.
      const marks = found.map(({ endpoint }) => markOf(endpoint));
      const mark = marks.find((each) => each !== undefined);
      return mark && { key: node.path, mark, size: found.length };
    }
    const { address, port } = first.endpoint;
    const key = JSON.stringify([parentOf(node.path), address, port]);
    return { key, mark: markOf(first.endpoint), size: 1 };
  }

  /** What a znode alone says of instances, each with its service's name. */
  endpoints(node: ZNode): readonly NamedEndpoint[] {
    const services = new Set(this.#reading.put(node));
    const found: NamedEndpoint[] = [];
    for (const name of services)
      for (const endpoint of this.#reading.service(name)?.endpoints ?? [])
        if (endpoint.origin.path === node.path) found.push({ service: name, endpoint });
    // All of it: a name that it left behind would be one service more for ever.
    for (const _ of this.#reading.remove(node.path));
    return found;
  }

  /** Whether a znode is a mirrored instance, of whatever mesh: nobody reads it as a service. */
  isMirrored(node: ZNode): boolean {
    return mayBeMarked(node) && this.identify(node)?.mark !== undefined;
  }
}
