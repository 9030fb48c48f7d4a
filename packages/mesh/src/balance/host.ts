import type { Health, Locality } from '../model/endpoint.ts';
import type { ClusterLoad, Load } from './load.ts';
import type { WarmUpWindow } from './warm-up.ts';

/** What is told of an endpoint that requests may go to. */
export interface HostFacts<T> {
  /** Tells it from the others of its cluster as long as it lives, and is hashed: `address:port` as Envoy. */
  readonly key: string;
  /** Whatever the caller knows it by. */
  readonly item: T;
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
  readonly locality: Locality;
  readonly health: Health;
  readonly metadata: Readonly<Record<string, string>>;
  readonly warmUp?: WarmUpWindow;
}

/** An endpoint that requests may go to: one object from when it is first told of until it is no more. */
export class Host<T> {
  readonly key: string;
  readonly load: Load;
  facts: HostFacts<T>;
  /** Left aside for its failures; to be set by who watches them, before the balancer's update. */
  ejected = false;
  /**
   * Nothing is known of it yet, and it does not count until something is: Envoy's
   * `ignore_new_hosts_until_first_hc`. Who watches it says so, as with {@link ejected}.
   */
  pending = false;

  constructor(facts: HostFacts<T>, load: Load) {
    this.key = facts.key;
    this.facts = facts;
    this.load = load;
  }

  /** True when requests should go to it. Who has not been checked is taken for healthy, as with Envoy. */
  get fit(): boolean {
    const { health } = this.facts;
    return !this.ejected && !this.pending && (health === 'healthy' || health === 'unknown');
  }
}

/** The endpoints of a cluster, which keep their load across what is told of them. */
export class Hosts<T> {
  readonly #load: ClusterLoad;
  #hosts = new Map<string, Host<T>>();

  constructor(load: ClusterLoad) {
    this.#load = load;
  }

  get(key: string): Host<T> | undefined {
    return this.#hosts.get(key);
  }

  /** Takes what is told of all of them; gives them in that order. */
  update(all: Iterable<HostFacts<T>>): Host<T>[] {
    const hosts = new Map<string, Host<T>>();
    for (const facts of all) {
      const host = this.#hosts.get(facts.key) ?? new Host(facts, this.#load.add());
      host.facts = facts;
      hosts.set(facts.key, host);
    }
    this.#hosts = hosts;
    return [...hosts.values()];
  }
}
