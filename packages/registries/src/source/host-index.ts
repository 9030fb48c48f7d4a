/** Which services have endpoints at which host names. */
export class HostIndex {
  readonly #services = new Map<string, Set<string>>();
  readonly #hosts = new Map<string, ReadonlySet<string>>();

  /** The services at a host name. */
  services(host: string): Iterable<string> {
    return this.#services.get(host) ?? [];
  }

  /** True when there is a service at that host name. */
  has(host: string): boolean {
    return this.#services.has(host);
  }

  /** Says at which host names a service is now. */
  set(service: string, hosts: readonly string[]): void {
    const before = this.#hosts.get(service);
    if (before === undefined && hosts.length === 0) return;
    const now = new Set(hosts);
    for (const host of before ?? []) if (!now.has(host)) this.#drop(host, service);
    for (const host of now) {
      const services = this.#services.get(host);
      if (services === undefined) this.#services.set(host, new Set([service]));
      else services.add(service);
    }
    if (now.size === 0) this.#hosts.delete(service);
    else this.#hosts.set(service, now);
  }

  #drop(host: string, service: string): void {
    const services = this.#services.get(host);
    services?.delete(service);
    if (services?.size === 0) this.#services.delete(host);
  }
}
