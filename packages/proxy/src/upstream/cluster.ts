import type { Hash64 } from '@meshkeeper/mesh';
import { EndpointPicker } from '../balance/endpoint-picker.ts';
import { OutlierDetector } from '../balance/outlier-detector.ts';
import type { Assignment } from '../config/assignment.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import type { UpstreamFailure } from './failure.ts';
import { Http1Pool, type PoolOptions } from './http1/http1-pool.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from './stream.ts';

/** An endpoint of a cluster, with its connections. */
export interface Endpoint {
  /** `address:port`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly pool: Http1Pool;
}

/** What of a request decides where it goes. */
export interface PickWish {
  /** What balancers that hash go by. */
  readonly hash?: Hash64;
  /** Endpoints that have been tried: not one of them, while there is any other. */
  readonly tried?: readonly Endpoint[];
}

/** What a cluster takes from outside. */
export interface ClusterEnvironment {
  /** Milliseconds; only differences matter. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** An endpoint is left aside for a while. */
  ejected(cluster: string, endpoint: Endpoint): void;
  /** A connection to an endpoint could not be made. */
  connectFailed(cluster: string, endpoint: Endpoint, detail: string): void;
}

const NONE: readonly Endpoint[] = [];
const ANY: PickWish = {};
const TOO_MANY: UpstreamFailure = { reason: 'overflow', detail: 'max_requests' };

/** A cluster at work: endpoints that keep their connections and their record across updates. */
export class Cluster {
  readonly #owner: AttemptOwner = {
    answered: ({ endpoint }, status) => this.#responded(endpoint, status),
    failed: ({ endpoint }, failure) => this.#failed(endpoint, failure),
    over: () => this.#requests--,
  };
  #requests = 0;
  #retries = 0;
  readonly #environment: ClusterEnvironment;
  readonly #outliers: OutlierDetector<Endpoint>;
  #config: ClusterConfig;
  #endpoints = new Map<string, Endpoint>();
  readonly #retired = new Set<Endpoint>();
  #picker: EndpointPicker<Endpoint>;

  constructor(config: ClusterConfig, assignment: Assignment, environment: ClusterEnvironment) {
    this.#environment = environment;
    this.#config = config;
    this.#outliers = new OutlierDetector(config.outlier, assignment.length);
    this.#picker = new EndpointPicker<Endpoint>([], 0);
    this.update(config, assignment);
  }

  /** What the control plane says of it. */
  get config(): ClusterConfig {
    return this.#config;
  }

  /** Its endpoints. */
  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }

  /** Takes a new configuration. An endpoint that left finishes the requests it has. */
  update(config: ClusterConfig, assignment: Assignment): void {
    this.#config = config;
    const endpoints = new Map<string, Endpoint>();
    for (const { address, port } of assignment) {
      const key = `${address}:${port}`;
      const known = this.#endpoints.get(key);
      const options = poolOptions(config, address, port);
      known?.pool.configure(options);
      endpoints.set(key, known ?? { key, address, port, pool: new Http1Pool(options) });
    }
    for (const [key, endpoint] of this.#endpoints) if (!endpoints.has(key)) this.#retire(endpoint);
    this.#endpoints = endpoints;
    this.#outliers.configure(config.outlier, endpoints.size);
    const entries = assignment.map((target) => {
      return { item: endpoints.get(`${target.address}:${target.port}`)!, target };
    });
    const phase = this.#environment.random();
    this.#picker = new EndpointPicker(entries, config.panicThreshold, phase);
  }

  /** Requests on their way to endpoints. */
  get activeRequests(): number {
    return this.#requests;
  }

  /** An endpoint for a request; undefined when there is none. */
  pick({ tried = NONE }: PickWish = ANY): Endpoint | undefined {
    const picker = this.#picker;
    if (tried.length === 0 && this.#outliers.calm) return picker.pick() ?? picker.pickAny();
    const now = this.#environment.now();
    const accept = (endpoint: Endpoint) => !tried.includes(endpoint);
    const untried = { accept };
    return (
      picker.pick({ accept: (each) => accept(each) && !this.#outliers.isEjected(each, now) }) ??
      picker.pick(untried) ??
      picker.pick() ??
      picker.pickAny(untried) ??
      picker.pickAny()
    );
  }

  /**
   * Sends a request to an endpoint that was picked. Before it returns nothing but
   * {@link StreamReceiver.opened} is called.
   */
  open(
    endpoint: Endpoint,
    head: OutgoingHead,
    receiver: StreamReceiver,
    options: StreamOptions,
  ): UpstreamStream {
    const attempt = new Attempt(endpoint, receiver, this.#owner);
    const refusal = this.#requests >= this.#config.maxRequests ? TOO_MANY : undefined;
    this.#requests++;
    attempt.begin(head, options, refusal);
    return attempt;
  }

  /** True when a request may be tried again now; {@link retryOver} has to follow. */
  tryRetry(): boolean {
    if (this.#retries >= this.#config.maxRetries) return false;
    this.#retries++;
    return true;
  }

  /** A retry that {@link tryRetry} allowed has come to its end, or has not been made. */
  retryOver(): void {
    this.#retries--;
  }

  /** Closes idle connections whose time is up, and forgets retired endpoints without any. */
  sweep(now: number): void {
    for (const { pool } of this.#endpoints.values()) pool.sweep(now);
    for (const endpoint of this.#retired) {
      if (endpoint.pool.size === 0) this.#retired.delete(endpoint);
    }
  }

  /** Takes no more requests; those on their way are finished. */
  retire(): void {
    for (const endpoint of this.#endpoints.values()) this.#retire(endpoint);
    this.#endpoints.clear();
    this.#picker = new EndpointPicker<Endpoint>([], 0);
  }

  /** Drops every connection. */
  destroy(): void {
    this.retire();
    for (const { pool } of this.#retired) pool.destroy();
    this.#retired.clear();
  }

  #failed(endpoint: Endpoint, failure: UpstreamFailure): void {
    if (failure.reason !== 'connect') return;
    const { connectFailed, ejected, now } = this.#environment;
    connectFailed(this.#config.name, endpoint, failure.detail);
    if (this.#outliers.connectFailed(endpoint, now())) ejected(this.#config.name, endpoint);
  }

  #responded(endpoint: Endpoint, status: number): void {
    if (status < 500 && this.#outliers.calm) return;
    if (!this.#outliers.responded(endpoint, status, this.#environment.now())) return;
    this.#environment.ejected(this.#config.name, endpoint);
  }

  #retire(endpoint: Endpoint): void {
    endpoint.pool.retire();
    this.#outliers.forget(endpoint);
    if (endpoint.pool.size > 0) this.#retired.add(endpoint);
  }
}

function poolOptions(config: ClusterConfig, address: string, port: number): PoolOptions {
  const { connectTimeout, maxConnections, maxPending, keepAlive } = config;
  return { address, port, connectTimeout, maxConnections, maxPending, keepAlive };
}
