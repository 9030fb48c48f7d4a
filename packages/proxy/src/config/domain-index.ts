/**
 * Finds what a host belongs to in Envoy's order: the exact name, the longest suffix wildcard
 * (`*.example.com`), the longest prefix wildcard (`api.*`), then `*`. Case does not matter.
 */
export class DomainIndex<T> {
  readonly #exact = new Map<string, T>();
  readonly #suffixes = new Map<string, T>();
  readonly #prefixes = new Map<string, T>();
  /** Of the wildcards that there are, the longest first. */
  readonly #suffixLengths: number[] = [];
  readonly #prefixLengths: number[] = [];
  #any: T | undefined;

  /** Adds a domain; false when it is there already or not of one of the four forms. */
  add(domain: string, value: T): boolean {
    const name = domain.toLowerCase();
    if (name === '*') {
      if (this.#any !== undefined) return false;
      this.#any = value;
      return true;
    }
    const star = name.indexOf('*');
    if (name === '' || star !== name.lastIndexOf('*')) return false;
    if (star < 0) return put(this.#exact, name, value);
    if (star === 0) {
      note(this.#suffixLengths, name.length - 1);
      return put(this.#suffixes, name.slice(1), value);
    }
    if (star !== name.length - 1) return false;
    note(this.#prefixLengths, name.length - 1);
    return put(this.#prefixes, name.slice(0, -1), value);
  }

  /** What the host, with its port if it came with one, belongs to. */
  find(host: string): T | undefined {
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    const name = host.toLowerCase();
    const folded = this.#exact.get(name);
    if (folded !== undefined) return folded;
    for (const length of this.#suffixLengths) {
      // The wildcard stands for one character at least.
      if (length >= name.length) continue;
      const found = this.#suffixes.get(name.slice(-length));
      if (found !== undefined) return found;
    }
    for (const length of this.#prefixLengths) {
      if (length >= name.length) continue;
      const found = this.#prefixes.get(name.slice(0, length));
      if (found !== undefined) return found;
    }
    return this.#any;
  }
}

function put<T>(map: Map<string, T>, key: string, value: T): boolean {
  if (map.has(key)) return false;
  map.set(key, value);
  return true;
}

function note(lengths: number[], length: number): void {
  if (lengths.includes(length)) return;
  lengths.push(length);
  lengths.sort((a, b) => b - a);
}
