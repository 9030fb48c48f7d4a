import {
  EMPTY_SNAPSHOT,
  type Endpoint,
  type Mark,
  markedMetadata,
  type Service,
  type Snapshot,
} from '@meshkeeper/mesh';
import type { AlsoIn, Selection } from '../mirrors/select.ts';

/**
 * What a destination is given of what is served: what it is configured for, and each endpoint with
 * the mark of the mesh, so that a source that reads it there leaves it out. The same object gives the
 * same object. Pure.
 */
export class View {
  readonly #selection: Selection;
  readonly #mark: Mark;
  readonly #also: (service: string) => AlsoIn;
  readonly #marked = new WeakMap<Endpoint, Endpoint>();
  /** Of the catalog, as far as it is in {@link snapshot}. */
  #seen: Snapshot = EMPTY_SNAPSHOT;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;

  /** @param also the registries that have an endpoint of a service besides the one that counts */
  constructor(selection: Selection, mark: Mark, also: (service: string) => AlsoIn) {
    this.#selection = selection;
    this.#mark = mark;
    this.#also = also;
  }

  /** What a destination has to have when `snapshot` is served. */
  of(snapshot: Snapshot): Snapshot {
    if (snapshot === this.#seen) return this.#snapshot;
    const changed = new Map<string, Service | undefined>();
    for (const name of snapshot.services.changedSince(this.#seen.services))
      changed.set(name, this.#service(snapshot.services.get(name)));
    this.#seen = snapshot;
    this.#snapshot = { ...snapshot, services: this.#snapshot.services.with(changed) };
    return this.#snapshot;
  }

  #service(service: Service | undefined): Service | undefined {
    const selected = this.#selection.of(service, this.#also);
    if (selected === undefined) return undefined;
    return { ...selected, endpoints: selected.endpoints.map((each) => this.#endpoint(each)) };
  }

  #endpoint(endpoint: Endpoint): Endpoint {
    const known = this.#marked.get(endpoint);
    if (known !== undefined) return known;
    const mark = markedMetadata(this.#mark, endpoint.origin.registry);
    const marked = { ...endpoint, metadata: { ...endpoint.metadata, ...mark } };
    this.#marked.set(endpoint, marked);
    return marked;
  }
}
