import { NO_LOCALITY } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import type { Dialect, Reading } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { type Mark, markOf, mayBeMarked } from './mark.ts';

/** What a znode by itself is. */
export interface Identified {
  /** The directory and the address: the same of two znodes of one instance. */
  readonly key: string;
  /** Undefined of what somebody has registered. */
  readonly mark: Mark | undefined;
}

/**
 * Tells which instance a znode is, and whether it is mirrored, by what the dialect makes of it alone.
 * Pure.
 */
export class Identifier {
  readonly #reading: Reading;

  constructor(dialect: Dialect, root: string) {
    this.#reading = dialect.reading({ registry: '', root, locality: NO_LOCALITY });
  }

  /** Undefined for a znode that is no instance of its own. */
  identify(node: ZNode): Identified | undefined {
    const services = [...this.#reading.put(node)];
    try {
      const endpoint = services
        .flatMap((name) => this.#reading.service(name)?.endpoints ?? [])
        .find(({ origin }) => origin.path === node.path);
      if (endpoint === undefined) return undefined;
      const { address, port } = endpoint;
      const key = JSON.stringify([parentOf(node.path), address, port]);
      return { key, mark: markOf(endpoint) };
    } finally {
      // All of it: a name that it left behind would be one service more for ever.
      for (const _ of this.#reading.remove(node.path));
    }
  }

  /** Whether a znode is a mirrored instance, of whatever mesh: nobody reads it as a service. */
  isMirrored(node: ZNode): boolean {
    return mayBeMarked(node) && this.identify(node)?.mark !== undefined;
  }
}
