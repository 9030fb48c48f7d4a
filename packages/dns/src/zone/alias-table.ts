import { hashedAlias, plainAlias } from '@meshkeeper/mesh';

/** What DNS bears, in characters: RFC 1035 2.3.4. */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
/** What is put before an alias, at most: that of an endpoint. */
const LONGEST_PREFIX = 'xxxxxxxxxxxx.addr.'.length;

/** Whether a service's alias can be a name in DNS, and its endpoints' can. */
export function isNamable(alias: string, origin: string): boolean {
  if (LONGEST_PREFIX + alias.length + 1 + origin.length > LONGEST_NAME) return false;
  // The label with an underscore before it is one, too.
  return alias.split('.').every((label) => label !== '' && label.length < LONGEST_LABEL);
}

/**
 * Which service has which alias: mesh's `aliases`, kept up one name at a time, so that a service that
 * comes or goes does not cost all others.
 */
export class AliasTable {
  /** Names by the plain alias that they would like. */
  readonly #wishes = new Map<string, Set<string>>();
  /** Names by alias, sorted: a hashed one may be what another is called. */
  readonly #owners = new Map<string, string[]>();
  /** How many aliases end in these labels and have others before them. */
  readonly #inner = new Map<string, number>();

  add(name: string): void {
    const plain = plainAlias(name);
    const wishes = this.#wishes.get(plain) ?? new Set<string>();
    if (wishes.has(name)) return;
    this.#wishes.set(plain, wishes);
    const [only] = wishes;
    if (wishes.size === 1 && only !== undefined) {
      this.#release(plain, only);
      this.#claim(hashedAlias(only), only);
    }
    wishes.add(name);
    this.#claim(wishes.size === 1 ? plain : hashedAlias(name), name);
  }

  remove(name: string): void {
    const plain = plainAlias(name);
    const wishes = this.#wishes.get(plain);
    if (wishes === undefined || !wishes.has(name)) return;
    this.#release(this.aliasOf(name), name);
    wishes.delete(name);
    const [only] = wishes;
    if (only === undefined) this.#wishes.delete(plain);
    else if (wishes.size === 1) {
      this.#release(hashedAlias(only), only);
      this.#claim(plain, only);
    }
  }

  /** The alias of a service that was added. */
  aliasOf(name: string): string {
    const plain = plainAlias(name);
    return (this.#wishes.get(plain)?.size ?? 0) > 1 ? hashedAlias(name) : plain;
  }

  /** The service with an alias. */
  owner(alias: string): string | undefined {
    return this.#owners.get(alias)?.[0];
  }

  /** Whether there are names below this one, although it is no service's: it has no records, but is there. */
  isInner(name: string): boolean {
    return this.#inner.has(name);
  }

  #claim(alias: string, name: string): void {
    const owners = this.#owners.get(alias) ?? [];
    this.#owners.set(alias, [...owners, name].sort());
    for (const suffix of suffixes(alias))
      this.#inner.set(suffix, (this.#inner.get(suffix) ?? 0) + 1);
  }

  #release(alias: string, name: string): void {
    const owners = (this.#owners.get(alias) ?? []).filter((owner) => owner !== name);
    if (owners.length === 0) this.#owners.delete(alias);
    else this.#owners.set(alias, owners);
    for (const suffix of suffixes(alias)) {
      const left = (this.#inner.get(suffix) ?? 0) - 1;
      if (left > 0) this.#inner.set(suffix, left);
      else this.#inner.delete(suffix);
    }
  }
}

/** What is behind each of its dots. */
function suffixes(alias: string): string[] {
  const found: string[] = [];
  for (let at = alias.indexOf('.'); at !== -1; at = alias.indexOf('.', at + 1))
    found.push(alias.slice(at + 1));
  return found;
}
