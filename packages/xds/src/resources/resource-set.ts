import type { Resource } from './resource.ts';

/** The resources of one type, as a data plane may see them. */
export interface ResourceView {
  get(name: string): Resource | undefined;
  /** How many there are. */
  readonly size: number;
  /** All of them; the same array until one changes. */
  readonly list: readonly Resource[];
  /** Changes whenever any of them does; the same for the same content. */
  readonly version: string;
}

/** The resources of one type, by name, with a version of the whole that costs little to keep. */
export class ResourceSet implements ResourceView {
  readonly #byName = new Map<string, Resource>();
  #list: readonly Resource[] | undefined;
  // XOR of the content hashes: independent of the order, and a change costs two operations.
  #high = 0;
  #low = 0;
  #version: string | undefined;

  get size(): number {
    return this.#byName.size;
  }

  get list(): readonly Resource[] {
    this.#list ??= [...this.#byName.values()];
    return this.#list;
  }

  get version(): string {
    this.#version ??= hex(this.#high) + hex(this.#low);
    return this.#version;
  }

  get(name: string): Resource | undefined {
    return this.#byName.get(name);
  }

  /** Adds or replaces one; false when it was there with the same version. */
  set(resource: Resource): boolean {
    const before = this.#byName.get(resource.name);
    if (before?.version === resource.version) return false;
    if (before !== undefined) this.#toggle(before.version);
    this.#toggle(resource.version);
    this.#byName.set(resource.name, resource);
    this.#list = undefined;
    return true;
  }

  /** Removes one; false when there was none. */
  delete(name: string): boolean {
    const before = this.#byName.get(name);
    if (before === undefined) return false;
    this.#toggle(before.version);
    this.#byName.delete(name);
    this.#list = undefined;
    return true;
  }

  #toggle(version: string): void {
    this.#version = undefined;
    this.#high ^= Number.parseInt(version.slice(0, 8), 16);
    this.#low ^= Number.parseInt(version.slice(8, 16), 16);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
