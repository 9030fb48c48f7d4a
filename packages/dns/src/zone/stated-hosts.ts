import { splitHost } from '@meshkeeper/mesh';

/**
 * A name of two parts, as `web.shop` of Kubernetes, is one that somebody may have on the Internet: resolvers of
 * pods complete it, and it is not answered for.
 */
const LEAST_LABELS = 3;

/** Which services are called what by their registries, kept up one service at a time. */
export class StatedHosts {
  /** Names of services by host, sorted: the lowest has it. */
  readonly #owners = new Map<string, readonly string[]>();

  /** A service is called this, and no more what it was before. */
  update(
    service: string,
    before: readonly string[] | undefined,
    after: readonly string[] | undefined,
  ): void {
    for (const host of before ?? []) if (!after?.includes(host)) this.#drop(host, service);
    for (const host of after ?? []) if (!before?.includes(host)) this.#add(host, service);
  }

  /** The service that is called so. */
  owner(host: string): string | undefined {
    return this.#owners.get(host)?.[0];
  }

  #add(host: string, service: string): void {
    const [name, port] = splitHost(host);
    // A name with a port is none in DNS.
    if (port !== undefined || name.split('.').length < LEAST_LABELS) return;
    this.#owners.set(host, [...(this.#owners.get(host) ?? []), service].sort());
  }

  #drop(host: string, service: string): void {
    const left = this.#owners.get(host)?.filter((owner) => owner !== service) ?? [];
    if (left.length === 0) this.#owners.delete(host);
    else this.#owners.set(host, left);
  }
}
