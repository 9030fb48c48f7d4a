import { type Locality, NO_LOCALITY } from '../model/endpoint.ts';
import type { Balancer, PickContext } from './balancer.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { Host } from './host.ts';
import type { RandomSource } from './random-source.ts';
import { type ZoneRoute, zoneRoute } from './zone-aware.ts';

/** The weight of a locality among those of a priority. */
export type LocalityWeight = (locality: Locality, priority: number) => number;

/** How requests are shared among the localities of a priority. */
export type LocalityRouting =
  /** By their endpoints' weights. */
  | { readonly type: 'none' }
  /** By weights of their own, as Envoy's `locality_weighted_lb_config`. */
  | { readonly type: 'weighted'; readonly weight: LocalityWeight }
  /** The caller's own first, as Envoy's `zone_aware_lb_config`. */
  | {
      readonly type: 'zone-aware';
      readonly own: Locality;
      /** The locality of each instance of the calling service. */
      readonly callers: readonly Locality[];
      /** Default 6. */
      readonly minClusterSize?: number;
    };

/** What {@link Localities} takes from outside. */
export interface LocalitiesOptions<T> {
  readonly random: RandomSource;
  readonly overprovisioning: number;
  readonly create: () => Balancer<Host<T>>;
}

/** Hosts by locality, in the order in which localities are first seen. */
export function byLocality<T>(hosts: readonly Host<T>[]): Map<string, Host<T>[]> {
  return Map.groupBy(hosts, ({ facts }) => localityName(facts.locality));
}

/**
 * The weight of a locality as far as its endpoints are up to it: Envoy's
 * `LocalityWrr::effectiveLocalityWeight`.
 */
function effectiveWeight<T>(
  hosts: readonly Host<T>[],
  weight: LocalityWeight,
  overprovisioning: number,
): number {
  const fit = hosts.filter((host) => host.fit).length;
  const counted = hosts.filter(({ pending }) => !pending).length;
  const available = fit === 0 ? 0 : Math.min(1, (overprovisioning / 100) * (fit / counted));
  const { locality = NO_LOCALITY, priority = 0 } = hosts[0]?.facts ?? {};
  return weight(locality, priority) * available;
}

/** A balancer for each locality of a priority, and which of them a request goes to. */
export class Localities<T> {
  readonly #options: LocalitiesOptions<T>;
  #balancers = new Map<string, Balancer<Host<T>>>();
  readonly #queue = new DeadlineQueue<Balancer<Host<T>>>();
  #route: ZoneRoute = { type: 'anywhere' };
  #own: Balancer<Host<T>> | undefined;
  #others: Balancer<Host<T>>[] = [];
  #capacity = 0;

  constructor(options: LocalitiesOptions<T>) {
    this.#options = options;
  }

  /** All hosts of the priority, and how requests are shared among their localities. */
  update(hosts: readonly Host<T>[], routing: LocalityRouting): void {
    const groups = routing.type === 'none' ? new Map<string, Host<T>[]>() : byLocality(hosts);
    const before = this.#balancers;
    this.#balancers = new Map();
    for (const [name, group] of groups) {
      const balancer = before.get(name) ?? this.#options.create();
      const fit = group.filter((host) => host.fit);
      balancer.update(fit.map((host) => ({ item: host, weight: host.facts.weight })));
      this.#balancers.set(name, balancer);
    }
    this.#queue.update(routing.type === 'weighted' ? this.#weighted(groups, routing.weight) : []);
    this.#takeRoute(groups, routing);
  }

  /** A host of the locality whose turn it is; undefined when localities don't matter, or it has none. */
  pick(context: PickContext<Host<T>> | undefined): Host<T> | undefined {
    return (this.#queue.size > 0 ? this.#queue.pick() : this.#zone())?.pick(context);
  }

  #weighted(groups: ReadonlyMap<string, readonly Host<T>[]>, weight: LocalityWeight) {
    return [...groups]
      .map(([name, hosts]) => ({
        item: this.#balancers.get(name)!,
        weight: effectiveWeight(hosts, weight, this.#options.overprovisioning),
      }))
      .filter((entry) => entry.weight > 0);
  }

  #takeRoute(groups: ReadonlyMap<string, readonly Host<T>[]>, routing: LocalityRouting): void {
    this.#route = { type: 'anywhere' };
    if (routing.type !== 'zone-aware') return;
    const own = localityName(routing.own);
    const callers = new Map<string, number>();
    for (const name of routing.callers.map(localityName)) {
      callers.set(name, (callers.get(name) ?? 0) + 1);
    }
    const upstream = new Map(
      [...groups].map(([name, hosts]) => [name, hosts.filter((host) => host.fit).length]),
    );
    const { minClusterSize } = routing;
    const limits = minClusterSize === undefined ? {} : { minClusterSize };
    this.#route = zoneRoute({ own, callers, upstream, ...limits });
    this.#own = this.#balancers.get(own);
    this.#others = [...this.#balancers.values()];
    this.#capacity =
      this.#route.type === 'split' ? this.#route.capacity.reduce((a, b) => a + b, 0) : 0;
  }

  #zone(): Balancer<Host<T>> | undefined {
    const route = this.#route;
    const { random } = this.#options;
    if (route.type === 'anywhere') return undefined;
    if (route.type === 'own' || random.below(10_000) < route.own) return this.#own;
    if (this.#capacity === 0) return undefined;
    let left = random.below(this.#capacity);
    let i = 0;
    while (left >= route.capacity[i]!) left -= route.capacity[i++]!;
    return this.#others[i];
  }
}

function localityName({ region, zone, subzone }: Locality): string {
  return `${region}/${zone}/${subzone}`;
}
