import { isDeepStrictEqual } from 'node:util';
import type { CircuitBreaker, RandomSource } from '@meshkeeper/mesh';
import type { Assignment, Target } from '../config/assignment.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import type { CheckSlots } from '../health/check-slots.ts';
import { createProbe } from '../health/create-probe.ts';
import {
  type CheckStatus,
  EndpointHealth,
  type HealthEnvironment,
} from '../health/endpoint-health.ts';
import { createPool } from './create-pool.ts';
import { Endpoint } from './endpoint.ts';
import type { PoolOptions } from './pool-options.ts';
import type { StreamPool } from './stream-pool.ts';
import { TlsClient } from './tls/tls-client.ts';

/** What a cluster's endpoints take from it. */
export interface EndpointsEnvironment {
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  readonly random: RandomSource;
  readonly slots: CheckSlots;
  readonly breaker: CircuitBreaker;
  /** The cluster has had a connection. */
  readonly used: () => boolean;
  /** Active checks have found something new of an endpoint, which may be gone by that. */
  readonly checked: (endpoint: Endpoint, status: CheckStatus) => void;
  /** A check has succeeded, and so do the endpoint's others. */
  readonly succeeded: (endpoint: Endpoint) => void;
}

/** What an update changes, beyond who there is. */
interface Changes {
  readonly any: boolean;
  /** What connections have to be: those that there are will not do. */
  readonly connections: boolean;
  readonly checks: boolean;
}

const NO_CHANGES: Changes = { any: false, connections: false, checks: false };
/** Steps of chance in which checks are spread. */
const CHANCES = 2 ** 20;

/** The endpoints of a cluster, with their connections and checks: they come, stay, change and go. */
export class ClusterEndpoints {
  readonly #environment: EndpointsEnvironment;
  #config: ClusterConfig;
  #tls: TlsClient | undefined;
  #endpoints = new Map<string, Endpoint>();
  /** Of endpoints that were taken out, and not without connections yet. */
  readonly #retired = new Set<StreamPool>();

  constructor(config: ClusterConfig, environment: EndpointsEnvironment) {
    this.#environment = environment;
    this.#config = config;
    this.#tls = tlsClient(config);
  }

  [Symbol.iterator](): Iterator<Endpoint> {
    return this.#endpoints.values();
  }

  /** TLS towards them. */
  get tls(): TlsClient | undefined {
    return this.#tls;
  }

  /** Takes a new configuration or others. Who left finishes the requests it has. */
  update(config: ClusterConfig, { targets }: Assignment): void {
    const changes = changesOf(this.#config, config);
    this.#config = config;
    if (changes.connections) this.#tls = tlsClient(config);
    const endpoints = new Map<string, Endpoint>();
    for (const target of targets) {
      const known = this.#endpoints.get(target.key);
      if (known) this.#adapt(known, target, changes);
      endpoints.set(target.key, known ?? this.#create(target));
    }
    for (const [key, endpoint] of this.#endpoints) {
      if (endpoints.has(key)) continue;
      if (this.#mayStay(endpoint)) {
        this.#adapt(endpoint, endpoint.target, changes);
        endpoint.leaving = true;
        endpoints.set(key, endpoint);
      } else this.#retire(endpoint);
    }
    this.#endpoints = endpoints;
  }

  /** Closes connections whose time is up, and forgets pools without any. */
  sweep(now: number): void {
    for (const { pool } of this) pool.sweep(now);
    for (const pool of this.#retired) {
      pool.sweep(now);
      if (pool.size === 0) this.#retired.delete(pool);
    }
  }

  /** Takes all of them out; requests on their way are finished. */
  retire(): void {
    for (const endpoint of this) this.#retire(endpoint);
    this.#endpoints.clear();
  }

  /** Drops every connection. */
  destroy(): void {
    this.retire();
    for (const pool of this.#retired) pool.destroy();
    this.#retired.clear();
  }

  #create(target: Target): Endpoint {
    const pool = createPool(this.#poolOptions(target));
    const endpoint = new Endpoint(target, pool, this.#environment.now());
    endpoint.checks = this.#checksFor(endpoint, 'pending');
    endpoint.pending = this.#config.ignoreUnchecked && endpoint.checks !== undefined;
    return endpoint;
  }

  /** Brings an endpoint that stays up to date. */
  #adapt(endpoint: Endpoint, target: Target, changes: Changes): void {
    const checked = endpoint.target.check;
    endpoint.leaving = false;
    endpoint.target = target;
    if (changes.connections) {
      this.#retirePool(endpoint.pool);
      endpoint.pool = createPool(this.#poolOptions(target));
    } else if (changes.any) endpoint.pool.configure(this.#poolOptions(target));
    if (changes.checks || !isDeepStrictEqual(target.check, checked)) {
      const status = endpoint.checks?.status ?? 'passing';
      endpoint.checks?.close();
      endpoint.checks = this.#checksFor(endpoint, status);
    }
    endpoint.pending &&= this.#config.ignoreUnchecked && endpoint.checks?.status === 'pending';
  }

  /** As Envoy: who is taken out is used on while its checks succeed, unless that is to be ignored. */
  #mayStay({ checks, target }: Endpoint): boolean {
    const { healthChecks, ignoreHealthOnRemoval } = this.#config;
    if (ignoreHealthOnRemoval || healthChecks.length === 0) return false;
    return checks?.passing === true && target.health !== 'unhealthy';
  }

  #retire(endpoint: Endpoint): void {
    endpoint.checks?.close();
    this.#retirePool(endpoint.pool);
  }

  #retirePool(pool: StreamPool): void {
    pool.retire();
    if (pool.size > 0) this.#retired.add(pool);
  }

  #poolOptions({ address, port }: Target): PoolOptions {
    const { connections: config } = this.#config;
    return { address, port, config, tls: this.#tls, breaker: this.#environment.breaker };
  }

  #checksFor(endpoint: Endpoint, before: CheckStatus): EndpointHealth | undefined {
    const { name, healthChecks, connections } = this.#config;
    if (healthChecks.length === 0 || endpoint.target.check.disabled) return undefined;
    const { random, slots, used, succeeded } = this.#environment;
    const environment: HealthEnvironment = {
      random: () => random.below(CHANCES) / CHANCES,
      slots,
      used,
      probe: (check) => createProbe(check, endpoint.target, { connections, tls: this.#tls, name }),
      changed: (status) => this.#checked(endpoint, status),
      succeeded: () => succeeded(endpoint),
    };
    return new EndpointHealth(healthChecks, environment, before);
  }

  #checked(endpoint: Endpoint, status: CheckStatus): void {
    endpoint.pending = false;
    if (status === 'passing') endpoint.since = this.#environment.now();
    if (endpoint.leaving && status === 'failing') {
      this.#endpoints.delete(endpoint.key);
      this.#retire(endpoint);
    }
    this.#environment.checked(endpoint, status);
  }
}

function changesOf(before: ClusterConfig, now: ClusterConfig): Changes {
  if (before === now) return NO_CHANGES;
  const way = ({ tls, connections }: ClusterConfig) => [tls, connections.http2];
  const connections = !isDeepStrictEqual(way(before), way(now));
  const checks = connections || !isDeepStrictEqual(before.healthChecks, now.healthChecks);
  return { any: true, connections, checks };
}

function tlsClient({ tls, connections }: ClusterConfig): TlsClient | undefined {
  return tls && new TlsClient(tls, connections.http2 ? ['h2'] : []);
}
