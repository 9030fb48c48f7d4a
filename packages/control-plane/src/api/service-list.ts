import { createHash } from 'node:crypto';
import type { Catalog, RegistrySource } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import { registryView, serviceView } from './views.ts';

/** The list as it is sent. */
export interface SentList {
  readonly body: Buffer;
  /** Of what it says, whichever replica says it. */
  readonly etag: string;
}

/**
 * The services, as the API lists them. It is asked for far more often than it changes, and to count
 * and write a thousand services takes ten times as long as to send them: it is kept as it is sent.
 */
export class ServiceList {
  readonly #catalog: Catalog;
  readonly #sources: readonly RegistrySource[];
  readonly #xds: XdsServer;
  #kept: (SentList & { readonly of: string }) | undefined;

  constructor(catalog: Catalog, sources: readonly RegistrySource[], xds: XdsServer) {
    this.#catalog = catalog;
    this.#sources = sources;
    this.#xds = xds;
  }

  /** By name. */
  view() {
    const services = [...this.#catalog.snapshot.services]
      .map((service) => serviceView(service, this.#catalog))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { ...this.around(), services };
  }

  /** What is said beside the services. */
  around() {
    return {
      revision: this.#catalog.snapshot.revision,
      registries: this.#sources.map(registryView),
      unservable: this.#xds.problems,
    };
  }

  /** All of it. */
  sent(): SentList {
    const of = `${this.#catalog.version} ${JSON.stringify(this.#sources.map(registryView))}`;
    if (this.#kept?.of === of) return this.#kept;
    const body = Buffer.from(JSON.stringify(this.view()));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    this.#kept = { of, body, etag };
    return this.#kept;
  }
}
