/** Which applications say that they provide an interface. Never taken back by Dubbo, so only a hint. */
export class Mapping {
  readonly #applications = new Map<string, readonly string[]>();
  readonly #interfaces = new Map<string, Set<string>>();

  /** Takes what a znode says: `app1,app2`. */
  put(iface: string, data: Buffer): void {
    this.remove(iface);
    const applications = data
      .toString()
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    this.#applications.set(iface, applications);
    for (const application of applications) {
      const interfaces = this.#interfaces.get(application) ?? new Set<string>();
      this.#interfaces.set(application, interfaces.add(iface));
    }
  }

  /** Takes the deletion of an interface's znode. */
  remove(iface: string): void {
    for (const application of this.#applications.get(iface) ?? []) {
      const interfaces = this.#interfaces.get(application);
      interfaces?.delete(iface);
      if (interfaces?.size === 0) this.#interfaces.delete(application);
    }
    this.#applications.delete(iface);
  }

  /** The applications that provide an interface, or have. */
  applications(iface: string): readonly string[] {
    return this.#applications.get(iface) ?? [];
  }

  /** The interfaces that an application provides, or has. */
  interfaces(application: string): readonly string[] {
    return [...(this.#interfaces.get(application) ?? [])].sort();
  }
}

/**
 * What an interface's mapping says with one more application, as Dubbo writes it; undefined when it
 * says so already.
 */
export function withApplication(data: Buffer, application: string): Buffer | undefined {
  const known = data.toString();
  if (known === '') return Buffer.from(application);
  return known.split(',').includes(application)
    ? undefined
    : Buffer.from(`${known},${application}`);
}
