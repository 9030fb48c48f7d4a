/** Which applications call which interfaces, as far as znodes tell. */
export class Callers {
  /** Paths that tell of it: by interface, by application. */
  readonly #callers = new Map<string, Map<string, Set<string>>>();
  /** Interfaces by application. */
  readonly #called = new Map<string, Set<string>>();
  readonly #told = new Map<string, readonly [iface: string, application: string]>();

  /** Takes what a znode tells; true when nothing had told of it. */
  put(path: string, iface: string, application: string): boolean {
    const known = this.#told.get(path);
    if (known?.[0] === iface && known[1] === application) return false;
    this.remove(path);
    this.#told.set(path, [iface, application]);
    const callers = this.#callers.get(iface) ?? new Map<string, Set<string>>();
    this.#callers.set(iface, callers);
    const paths = callers.get(application);
    if (paths !== undefined) {
      paths.add(path);
      return false;
    }
    callers.set(application, new Set([path]));
    this.#called.set(application, (this.#called.get(application) ?? new Set()).add(iface));
    return true;
  }

  /** Takes the deletion of a znode; gives what nothing tells of any more. */
  remove(path: string): readonly [iface: string, application: string] | undefined {
    const told = this.#told.get(path);
    if (told === undefined) return undefined;
    this.#told.delete(path);
    const [iface, application] = told;
    const callers = this.#callers.get(iface);
    const paths = callers?.get(application);
    paths?.delete(path);
    if (paths?.size !== 0) return undefined;
    callers?.delete(application);
    if (callers?.size === 0) this.#callers.delete(iface);
    const called = this.#called.get(application);
    called?.delete(iface);
    if (called?.size === 0) this.#called.delete(application);
    return told;
  }

  /** The applications that call an interface. */
  of(iface: string): Iterable<string> {
    return this.#callers.get(iface)?.keys() ?? [];
  }

  /** The interfaces that an application calls. */
  called(application: string): Iterable<string> {
    return this.#called.get(application) ?? [];
  }
}
