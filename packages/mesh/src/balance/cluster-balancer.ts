import {
  type Algorithm,
  type AlgorithmEnvironment,
  createBalancer,
  isHashing,
} from './algorithm.ts';
import type { Balancer, PickContext } from './balancer.ts';
import type { Host } from './host.ts';
import { Level } from './level.ts';
import type { LocalityRouting } from './locality.ts';
import { type PriorityLoad, type PriorityOptions, priorityLoads } from './priority.ts';
import { WarmUp, type WarmUpCurve } from './warm-up.ts';

/** How a cluster's endpoints are balanced over. */
export interface ClusterBalancerOptions extends PriorityOptions, AlgorithmEnvironment {
  readonly algorithm: Algorithm;
  /** How the weights of those that warm up grow; `now` is the clock of their windows. */
  readonly warmUp?: WarmUpCurve & { readonly now: () => number };
}

/** The way of a request to an endpoint. */
export interface HostBalancer<T, C = PickContext<Host<T>>> {
  /** The host for a request; undefined when there is none, or none is accepted. */
  pick(context?: C): Host<T> | undefined;
  /**
   * Takes all hosts, whenever one has come, gone or changed. The same host is the same object. One of
   * weight 0 is as if it were not there.
   */
  update(hosts: readonly Host<T>[], routing?: LocalityRouting): void;
}

const ANYWHERE: LocalityRouting = { type: 'none' };

/**
 * Priorities, localities, panic and an algorithm, composed as Envoy composes them: a priority by what its
 * healthy endpoints are good for, a locality within it, an endpoint within that. A request that an
 * endpoint's refusal leaves without one goes to the other priorities in their order.
 */
export class ClusterBalancer<T> implements HostBalancer<T> {
  readonly #options: ClusterBalancerOptions;
  #levels: readonly Level<T>[] = [];
  /** By priority, so that a level keeps its turns. */
  #known = new Map<number, Level<T>>();
  #loads: readonly PriorityLoad[] = [];

  constructor(options: ClusterBalancerOptions) {
    this.#options = options;
  }

  /** The share and the panic of each priority that has endpoints, the first first. */
  get loads(): readonly PriorityLoad[] {
    return this.#loads;
  }

  update(hosts: readonly Host<T>[], routing: LocalityRouting = ANYWHERE): void {
    const weighty = hosts.filter(({ facts }) => facts.weight > 0);
    const byPriority = [...Map.groupBy(weighty, ({ facts }) => facts.priority)];
    byPriority.sort(([a], [b]) => a - b);
    this.#loads = priorityLoads(
      byPriority.map(([, all]) => ({
        healthy: all.filter((host) => host.fit).length,
        all: all.filter(({ pending }) => !pending).length,
      })),
      this.#options,
    );
    const known = this.#known;
    this.#known = new Map();
    this.#levels = byPriority.map(([priority, all], i) => {
      const level = known.get(priority) ?? this.#level();
      this.#known.set(priority, level);
      // Zones are those of the first priority: others are used when that fails.
      const zones = routing.type === 'zone-aware' && i > 0 ? ANYWHERE : routing;
      level.update(all, this.#loads[i]!.panic, zones);
      return level;
    });
  }

  pick(context?: PickContext<Host<T>>): Host<T> | undefined {
    const levels = this.#levels;
    if (levels.length < 2) return levels[0]?.pick(context);
    const first = this.#choose(context);
    const found = levels[first]!.pick(context);
    if (found || !context?.accept) return found;
    for (let i = 0; i < levels.length; i++) {
      const other = i === first ? undefined : levels[i]!.pick(context);
      if (other) return other;
    }
    return undefined;
  }

  #choose(context: PickContext<Host<T>> | undefined): number {
    const { algorithm, random } = this.#options;
    // A key's priority is a matter of the key where its endpoint is; others take their chance.
    const hash = isHashing(algorithm) ? context?.hash : undefined;
    let left = hash ? hash.modulo(100) : random.below(100);
    for (let i = 0; i < this.#loads.length; i++) {
      left -= this.#loads[i]!.load;
      if (left < 0) return i;
    }
    return 0;
  }

  #level(): Level<T> {
    const { algorithm, random, overprovisioning = 140 } = this.#options;
    const hashing = isHashing(algorithm);
    return new Level<T>({ random, overprovisioning, hashing, create: () => this.#create() });
  }

  #create(): Balancer<Host<T>> {
    const { algorithm, warmUp } = this.#options;
    const balancer = createBalancer<Host<T>>(algorithm, this.#options);
    if (!warmUp || isHashing(algorithm)) return balancer;
    return new WarmUp(balancer, [], { ...warmUp, window: ({ facts }) => facts.warmUp });
  }
}
