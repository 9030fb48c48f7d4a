import { fit } from '../kinds/target-ref.ts';

/** What a policy says of the services that it is for. */
export interface Target<T> {
  /** Names of services; `*` stands for any characters. */
  readonly names: readonly string[];
  readonly value: T;
}

/** So many names that only patterns fit are remembered. */
const MEMORY = 10_000;

/** What is said of services by name: the most exact one that fits counts, of equals the first by its id. */
export class Targeted<T> {
  readonly #exact = new Map<string, T>();
  readonly #patterns: (readonly [pattern: string, value: T])[] = [];
  readonly #found = new Map<string, T | undefined>();

  /** @param targets by the id of their policy, in order of ids */
  constructor(targets: ReadonlyMap<string, Target<T>>) {
    for (const { names, value } of targets.values())
      for (const name of names) {
        if (!this.#exact.has(name)) this.#exact.set(name, value);
        if (name.includes('*')) this.#patterns.push([name, value]);
      }
    // A stable sort: of patterns that are equally exact the first by id stays first.
    this.#patterns.sort(([a], [b]) => literal(b) - literal(a));
  }

  /** What is said of a service; the same object each time. */
  get(service: string): T | undefined {
    const exact = this.#exact.get(service);
    if (exact !== undefined || this.#patterns.length === 0) return exact;
    if (this.#found.has(service)) return this.#found.get(service);
    const found = this.#patterns.find(([pattern]) => fit(pattern, service) !== undefined)?.[1];
    if (this.#found.size >= MEMORY) this.#found.delete(this.#found.keys().next().value!);
    this.#found.set(service, found);
    return found;
  }
}

/** How many characters of a pattern are meant as they are: see {@link fit}. */
function literal(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}
