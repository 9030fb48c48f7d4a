import type { Resource, ResourceView } from '../../src/index.ts';

/** Resources of one type whose version, each one's and the whole's, is what somebody says it is. */
export class NamedSet implements ResourceView {
  readonly #byName = new Map<string, Resource>();
  #list: readonly Resource[] | undefined;
  version = '';

  get size(): number {
    return this.#byName.size;
  }

  get list(): readonly Resource[] {
    this.#list ??= [...this.#byName.values()];
    return this.#list;
  }

  get(name: string): Resource | undefined {
    return this.#byName.get(name);
  }

  set(resource: Resource, version: string): void {
    this.#byName.set(resource.name, resource);
    this.#changed(version);
  }

  delete(name: string, version: string): boolean {
    const there = this.#byName.delete(name);
    if (there) this.#changed(version);
    return there;
  }

  #changed(version: string): void {
    this.#list = undefined;
    this.version = version;
  }
}
