import type { Balancer, PickContext, Weighted } from './balancer.ts';
import type { Host } from './host.ts';
import {
  byLocality,
  Localities,
  type LocalitiesOptions,
  type LocalityRouting,
  type LocalityWeight,
} from './locality.ts';

/** What {@link Level} takes from outside. */
export interface LevelOptions<T> extends LocalitiesOptions<T> {
  /** Localities are then in the weights: a key has to have one place among all endpoints. */
  readonly hashing: boolean;
}

/** The endpoints of one priority. */
export class Level<T> {
  readonly #options: LevelOptions<T>;
  readonly #balancer: Balancer<Host<T>>;
  readonly #localities: Localities<T>;

  constructor(options: LevelOptions<T>) {
    this.#options = options;
    this.#balancer = options.create();
    this.#localities = new Localities(options);
  }

  /** All hosts of the priority; `panic` makes all of them picked but those that drain. */
  update(hosts: readonly Host<T>[], panic: boolean, routing: LocalityRouting): void {
    const { hashing } = this.#options;
    const picked = panic ? undrained(hosts) : hosts.filter((host) => host.fit);
    const inWeights = hashing && routing.type === 'weighted';
    this.#balancer.update(inWeights ? spread(picked, routing.weight) : weigh(picked));
    this.#localities.update(hosts, panic || hashing ? { type: 'none' } : routing);
  }

  /** A host of the locality whose turn it is, or, when that has none that is accepted, of any. */
  pick(context: PickContext<Host<T>> | undefined): Host<T> | undefined {
    return this.#localities.pick(context) ?? this.#balancer.pick(context);
  }
}

function weigh<T>(hosts: readonly Host<T>[]): Weighted<Host<T>>[] {
  return hosts.map((item) => ({ item, weight: item.facts.weight }));
}

/** A locality's weight is shared by its hosts, as Envoy's hashing does, whatever their health. */
function spread<T>(hosts: readonly Host<T>[], weight: LocalityWeight): Weighted<Host<T>>[] {
  return [...byLocality(hosts).values()].flatMap((group) => {
    const { locality, priority } = group[0]!.facts;
    const share = weight(locality, priority);
    const sum = group.reduce((total, { facts }) => total + facts.weight, 0);
    return group.map((item) => ({ item, weight: (item.facts.weight * share) / sum }));
  });
}

/** Envoy's panic takes draining ones too; they are sure to be going, so they come only before none. */
function undrained<T>(hosts: readonly Host<T>[]): readonly Host<T>[] {
  const staying = hosts.filter(({ facts }) => facts.health !== 'draining');
  return staying.length > 0 ? staying : hosts;
}
