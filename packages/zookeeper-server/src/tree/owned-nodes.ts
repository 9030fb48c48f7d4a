import { ownerOf } from './owner.ts';

/** Which znodes have an owner: a session's ephemerals, containers, znodes with a time to live. */
export class OwnedNodes {
  readonly #ephemerals = new Map<bigint, Set<string>>();
  readonly #containers = new Set<string>();
  readonly #ttls = new Set<string>();

  get ephemeralCount(): number {
    let count = 0;
    for (const paths of this.#ephemerals.values()) count += paths.size;
    return count;
  }

  /** Paths of containers. */
  get containers(): Iterable<string> {
    return this.#containers;
  }

  /** Paths of znodes with a time to live. */
  get ttls(): Iterable<string> {
    return this.#ttls;
  }

  /** The ephemerals of a session, in the order of their creation. */
  ephemeralsOf(sessionId: bigint): Iterable<string> {
    return this.#ephemerals.get(sessionId) ?? [];
  }

  /** `stored` is the owner as it stands in the znode. */
  add(path: string, stored: bigint): void {
    if (stored === 0n) return;
    const owner = ownerOf(stored);
    if (owner.kind === 'container') this.#containers.add(path);
    else if (owner.kind === 'ttl') this.#ttls.add(path);
    else if (owner.kind === 'session') {
      const paths = this.#ephemerals.get(owner.sessionId);
      if (paths) paths.add(path);
      else this.#ephemerals.set(owner.sessionId, new Set([path]));
    }
  }

  delete(path: string, stored: bigint): void {
    if (stored === 0n) return;
    this.#containers.delete(path);
    this.#ttls.delete(path);
    const paths = this.#ephemerals.get(stored);
    paths?.delete(path);
    if (paths?.size === 0) this.#ephemerals.delete(stored);
  }

  clear(): void {
    this.#ephemerals.clear();
    this.#containers.clear();
    this.#ttls.clear();
  }
}
