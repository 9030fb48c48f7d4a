import type { MeshFetch } from '../fetch/mesh-fetch.ts';
import { type MeshRequestInit, outgoingTo } from '../fetch/outgoing.ts';
import type { SignalOption } from '../stream/within.ts';
import type { ServiceEndpoint } from './endpoint.ts';
import type { ServiceWatch } from './service-watch.ts';

/** A service of the mesh, by its name in the catalog. */
export class MeshService {
  readonly name: string;
  readonly #watch: ServiceWatch;
  readonly #fetch: MeshFetch;

  constructor(name: string, watch: ServiceWatch, fetch: MeshFetch) {
    this.name = name;
    this.#watch = watch;
    this.#fetch = fetch;
  }

  /** Its endpoints as of now; undefined until the control plane has answered for the first time. */
  get current(): readonly ServiceEndpoint[] | undefined {
    return this.#watch.current(this.name);
  }

  /**
   * Its endpoints now, and whenever they change: the latest, for a reader that is slow. An empty list is a service
   * that is not there, or has no instance. Ends with the signal, or with the mesh.
   */
  endpoints(options: SignalOption = {}): AsyncIterableIterator<readonly ServiceEndpoint[]> {
    return this.#watch.endpoints(this.name, options);
  }

  /**
   * As `mesh.fetch`, by the service's name, whatever characters it has; `path` begins with a slash.
   * @throws SdkError; the signal's reason
   */
  async fetch(path: string, init?: MeshRequestInit): Promise<Response> {
    return this.#fetch.send(outgoingTo(this.name, path, init));
  }
}
