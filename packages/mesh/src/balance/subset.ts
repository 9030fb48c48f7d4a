import type { PickContext } from './balancer.ts';
import type { HostBalancer } from './cluster-balancer.ts';
import type { Host } from './host.ts';
import type { LocalityRouting } from './locality.ts';

/** Metadata that is asked for, sorted by name. */
export type SubsetCriteria = readonly (readonly [name: string, value: string])[];

/** Where a request goes whose subset there is not. */
export type SubsetFallback =
  /** Nowhere; Envoy's `NO_FALLBACK`. */
  | 'none'
  /** Anywhere; Envoy's `ANY_ENDPOINT`. */
  | 'any'
  /** To the default subset; Envoy's `DEFAULT_SUBSET`. */
  | 'default';

/** Names of metadata by whose values there are subsets. */
export interface SubsetSelector {
  /** Each combination of their values is a subset. */
  readonly keys: readonly string[];
  /** For requests with these keys; the balancer's when not stated. */
  readonly fallback?: SubsetFallback;
}

/** Envoy's `LbSubsetConfig`. */
export interface SubsetOptions<T> {
  readonly selectors: readonly SubsetSelector[];
  /** Default `none`. */
  readonly fallback?: SubsetFallback;
  /** What the default subset's endpoints have. Default: nothing, so that all are in it. */
  readonly defaultSubset?: SubsetCriteria;
  /** Makes what balances over a subset. */
  readonly create: () => HostBalancer<T>;
}

/** What a pick from subsets depends on. */
export interface SubsetContext<T> extends PickContext<Host<T>> {
  readonly subset?: SubsetCriteria;
}

/** Subsets by the values of their keys, one key after the other in the order of names. */
interface Node<T> {
  readonly names: Map<string, Map<string, Node<T>>>;
  balancer?: HostBalancer<T>;
  hosts: Host<T>[];
}

/**
 * Envoy's subsets: a request that asks for metadata goes to the endpoints that have it, if its keys are
 * exactly those of a selector and there are such endpoints; else where the fallback says. A subset has
 * priorities, localities and panic of its own. Who is unhealthy is in its subset still: there is no
 * falling back for health.
 */
export class SubsetBalancer<T> implements HostBalancer<T, SubsetContext<T>> {
  readonly #options: SubsetOptions<T>;
  /** By the names that are asked for, in their order. */
  readonly #selectors = new Map<string, SubsetSelector>();
  readonly #any: HostBalancer<T>;
  readonly #default: HostBalancer<T>;
  #root: Node<T> = node();

  constructor(options: SubsetOptions<T>) {
    this.#options = options;
    this.#any = options.create();
    this.#default = options.create();
    for (const { keys, ...selector } of options.selectors) {
      const names = keys.toSorted();
      this.#selectors.set(names.join('\n'), { ...selector, keys: names });
    }
  }

  update(hosts: readonly Host<T>[], routing?: LocalityRouting): void {
    const before = this.#root;
    this.#root = node();
    for (const { keys } of this.#selectors.values()) {
      for (const host of hosts) this.#place(host, keys);
    }
    this.#settle(this.#root, before, routing);
    const asked = this.#options.defaultSubset ?? [];
    const inDefault = ({ facts }: Host<T>) =>
      asked.every(([name, value]) => facts.metadata[name] === value);
    this.#any.update(hosts, routing);
    this.#default.update(hosts.filter(inDefault), routing);
  }

  pick(context?: SubsetContext<T>): Host<T> | undefined {
    const criteria = context?.subset;
    const found = criteria && this.#find(criteria)?.balancer;
    if (found) return found.pick(context);
    switch (this.#fallback(criteria)) {
      case 'none':
        return undefined;
      case 'any':
        return this.#any.pick(context);
      case 'default':
        return this.#default.pick(context);
    }
  }

  #fallback(criteria: SubsetCriteria | undefined): SubsetFallback {
    const own = criteria && this.#selectors.get(criteria.map(([name]) => name).join('\n'));
    return own?.fallback ?? this.#options.fallback ?? 'none';
  }

  #find(criteria: SubsetCriteria): Node<T> | undefined {
    let at: Node<T> | undefined = this.#root;
    for (let i = 0; at && i < criteria.length; i++) {
      const criterion = criteria[i]!;
      at = at.names.get(criterion[0])?.get(criterion[1]);
    }
    return at;
  }

  /** Puts a host into the subset of its values; one that lacks a key is in none. */
  #place(host: Host<T>, names: readonly string[]): void {
    const { metadata } = host.facts;
    if (names.length === 0 || names.some((name) => !Object.hasOwn(metadata, name))) return;
    let at = this.#root;
    for (const name of names) {
      const values = at.names.get(name) ?? new Map<string, Node<T>>();
      at.names.set(name, values);
      const next = values.get(metadata[name]!) ?? node<T>();
      values.set(metadata[name]!, next);
      at = next;
    }
    at.hosts.push(host);
  }

  /** Gives each subset its balancer: the one that it had, if it had one. */
  #settle(now: Node<T>, before: Node<T> | undefined, routing: LocalityRouting | undefined): void {
    if (now.hosts.length > 0) {
      now.balancer = before?.balancer ?? this.#options.create();
      now.balancer.update(now.hosts, routing);
      now.hosts = [];
    }
    for (const [name, values] of now.names)
      for (const [value, next] of values) {
        this.#settle(next, before?.names.get(name)?.get(value), routing);
      }
  }
}

function node<T>(): Node<T> {
  return { names: new Map(), hosts: [] };
}
