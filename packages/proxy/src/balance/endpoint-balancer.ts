import { isDeepStrictEqual } from 'node:util';
import {
  ClusterBalancer,
  ClusterLoad,
  type Hash64,
  type Health,
  type Host,
  Hosts,
  type Locality,
  type LocalityRouting,
  type PickContext,
  type RandomSource,
} from '@meshkeeper/mesh';
import type { Target } from '../config/assignment.ts';
import type { BalancingConfig } from '../config/balancing-config.ts';

/** An endpoint as balancing sees it. */
export interface Candidate<E> {
  readonly target: Target;
  /** What all that is known of its health comes to, but for its ejection. */
  readonly health: Health;
  readonly ejected: boolean;
  /** It does not count before its first check. */
  readonly pending: boolean;
  /** When it began to take requests, in the clock's milliseconds. */
  readonly since: number;
  /** What balancing keeps of it; set when it first takes part. */
  host: Host<E> | undefined;
}

/** How requests are shared, as the cluster and its assignment say. */
export interface BalancingRules {
  readonly config: BalancingConfig;
  readonly overprovisioning: number;
  readonly localityWeight: (locality: Locality, priority: number) => number;
  /** Where this proxy is. */
  readonly own: Locality;
  /** Where the instances of the calling service are; read when zones count. */
  readonly callers: () => readonly Locality[];
}

/** What of a request decides where it goes. */
export interface PickWish<E> {
  /** What balancers that hash go by. */
  readonly hash?: Hash64;
  /** Endpoints that have been tried: not one of them, while there is any other. */
  readonly tried?: readonly E[];
}

const NO_WISH: PickWish<never> = {};

/**
 * Chooses among a cluster's endpoints, whose loads it keeps while they come, go and change. What has
 * changed is reckoned with at the next pick, so that many changes at once cost as much as one.
 */
export class EndpointBalancer<E extends Candidate<E>> {
  readonly #random: RandomSource;
  readonly #now: () => number;
  readonly #load: ClusterLoad;
  readonly #hosts: Hosts<E>;
  #endpoints: Iterable<E> = [];
  #rules: BalancingRules | undefined;
  #balancer: ClusterBalancer<E> | undefined;
  /** What the balancer was made for. */
  #made: unknown;
  #stale = false;

  /** `now` in milliseconds. */
  constructor(random: RandomSource, now: () => number) {
    this.#random = random;
    this.#now = now;
    // Whole numbers, which V8 keeps off the heap.
    this.#load = new ClusterLoad({ now: () => Math.floor(now()) });
    this.#hosts = new Hosts(this.#load);
  }

  /** Priorities that use all of their endpoints because too few are healthy: their places in the order. */
  get panicking(): readonly number[] {
    this.#settle();
    const loads = this.#balancer?.loads ?? [];
    return [...loads.keys()].filter((i) => loads[i]!.panic);
  }

  /** Takes other rules, or other endpoints, which are gone through at the next pick. */
  update(endpoints: Iterable<E>, rules: BalancingRules): void {
    this.#endpoints = endpoints;
    this.#rules = rules;
    this.#stale = true;
  }

  /** Something of the endpoints, or of the callers, has changed. */
  changed(): void {
    this.#stale = true;
  }

  /** An endpoint for a request; undefined when there is none. */
  pick({ hash, tried }: PickWish<E> = NO_WISH): E | undefined {
    if (this.#stale) this.#settle();
    const balancer = this.#balancer;
    if (!balancer) return undefined;
    const context = hash ? { hash } : undefined;
    if (!tried || tried.length === 0) return balancer.pick(context)?.facts.item;
    const untried: PickContext<Host<E>> = {
      ...context,
      accept: ({ facts }) => !tried.includes(facts.item),
    };
    return (balancer.pick(untried) ?? balancer.pick(context))?.facts.item;
  }

  #settle(): void {
    const rules = this.#rules;
    if (!this.#stale || !rules) return;
    this.#stale = false;
    const hosts = this.#hosts.update(this.#facts(rules));
    for (const host of hosts) {
      const endpoint = host.facts.item;
      endpoint.host = host;
      host.ejected = endpoint.ejected;
      host.pending = endpoint.pending;
    }
    this.#balancerFor(rules).update(hosts, routing(rules));
  }

  *#facts({ config }: BalancingRules) {
    const duration = config.warmUp?.duration;
    for (const endpoint of this.#endpoints) {
      const { key, weight, priority, locality, metadata } = endpoint.target;
      const stated = { key, item: endpoint, weight, priority, locality, metadata };
      const warmUp = duration && { warmUp: { from: endpoint.since, duration } };
      yield { ...stated, health: endpoint.health, ...warmUp };
    }
  }

  /** The same one as long as it may be: it remembers whose turn it is. */
  #balancerFor({ config, overprovisioning }: BalancingRules): ClusterBalancer<E> {
    const { algorithm, warmUp, panicThreshold } = config;
    const wanted = { algorithm, warmUp, panicThreshold, overprovisioning };
    if (this.#balancer && isDeepStrictEqual(this.#made, wanted)) return this.#balancer;
    this.#made = wanted;
    this.#balancer = new ClusterBalancer<E>({
      ...{ algorithm, panicThreshold, overprovisioning },
      random: this.#random,
      load: this.#load,
      ...(warmUp && { warmUp: { ...warmUp, now: this.#now } }),
    });
    return this.#balancer;
  }
}

function routing({ config, localityWeight, own, callers }: BalancingRules): LocalityRouting {
  const { locality } = config;
  switch (locality.type) {
    case 'none':
      return { type: 'none' };
    case 'weighted':
      return { type: 'weighted', weight: localityWeight };
    case 'zone-aware': {
      const { minClusterSize } = locality;
      return { type: 'zone-aware', own, callers: callers(), minClusterSize };
    }
  }
}
