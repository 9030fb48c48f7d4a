import type { KeptNode } from './kept-node.ts';
import type { KeptService } from './kept-service.ts';
import type { KeptSlice } from './kept-slice.ts';

/** What is kept of a cluster's objects; each that comes, changes or goes concerns some Services, by their keys. */
export class KeptObjects {
  readonly #usesNodes: (service: KeptService) => boolean;
  readonly #services = new Map<string, KeptService>();
  /** By Service, then by their keys. */
  readonly #slices = new Map<string, Map<string, KeptSlice>>();
  /** The Service of each slice. */
  readonly #sliceOf = new Map<string, string>();
  readonly #nodes = new Map<string, KeptNode>();

  /** @param usesNodes whether a Service is reached at nodes */
  constructor(usesNodes: (service: KeptService) => boolean) {
    this.#usesNodes = usesNodes;
  }

  service(key: string): KeptService | undefined {
    return this.#services.get(key);
  }

  slices(service: string): readonly KeptSlice[] {
    return [...(this.#slices.get(service)?.values() ?? [])];
  }

  node(name: string): KeptNode | undefined {
    return this.#nodes.get(name);
  }

  /** The Services that are reached at nodes. */
  get atNodes(): readonly string[] {
    return [...this.#services]
      .filter(([, service]) => this.#usesNodes(service))
      .map(([key]) => key);
  }

  setService(key: string, service: KeptService | undefined): readonly string[] {
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    return [key];
  }

  setSlice(key: string, slice: KeptSlice | undefined): readonly string[] {
    const before = this.#sliceOf.get(key);
    const slices = before === undefined ? undefined : this.#slices.get(before);
    slices?.delete(key);
    if (before !== undefined && slices?.size === 0) this.#slices.delete(before);
    if (slice === undefined) {
      this.#sliceOf.delete(key);
      return before === undefined ? [] : [before];
    }
    const { service } = slice;
    this.#sliceOf.set(key, service);
    this.#slices.set(service, (this.#slices.get(service) ?? new Map()).set(key, slice));
    return before === undefined || before === service ? [service] : [before, service];
  }

  setNode(name: string, node: KeptNode | undefined): readonly string[] {
    if (node === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, node);
    return this.atNodes;
  }
}
