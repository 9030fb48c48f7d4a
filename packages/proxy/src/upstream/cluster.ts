import {
  CircuitBreaker,
  type Locality,
  type OutlierChange,
  type RandomSource,
} from '@meshkeeper/mesh';
import type { ClusterUsage } from '@meshkeeper/xds';
import { EndpointBalancer, type PickWish } from '../balance/endpoint-balancer.ts';
import { OutlierWatch } from '../balance/outlier-watch.ts';
import { type Assignment, NO_ASSIGNMENT } from '../config/assignment.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import type { CheckSlots } from '../health/check-slots.ts';
import type { CheckStatus } from '../health/endpoint-health.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { ClusterEndpoints } from './cluster-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamFailure } from './failure.ts';
import { countedStatus } from './grpc-status.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from './stream.ts';
import {
  RefusedTunnel,
  TcpTunnel,
  type Tunnel,
  type TunnelOwner,
  type TunnelReceiver,
} from './tcp-tunnel.ts';
import { takeUsage } from './usage.ts';

/** What becomes of a cluster's endpoints. Called on the hot path: do little. */
export interface ClusterObserver {
  /** A connection to an endpoint could not be made. */
  connectFailed(cluster: string, endpoint: Endpoint, detail: string): void;
  /** An endpoint is left aside for its failures, or is no longer. */
  outlier(cluster: string, change: OutlierChange<Endpoint>): void;
  /** Active checks have found out something new. */
  checked(cluster: string, endpoint: Endpoint, status: CheckStatus): void;
}

/** What a cluster takes from outside. */
export interface ClusterEnvironment {
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  readonly random: RandomSource;
  readonly observer: ClusterObserver;
  readonly slots: CheckSlots;
  /** Where this proxy is. */
  readonly own: Locality;
  /** Where the instances of the service that this proxy calls for are. */
  readonly callers: () => readonly Locality[];
}

const REQUESTS: UpstreamFailure = { reason: 'overflow', detail: 'max_requests' };
const CONNECTIONS: UpstreamFailure = { reason: 'overflow', detail: 'max_connections' };

/**
 * A cluster at work: endpoints that keep their connections, loads, ejections, warm-up and checks across
 * updates.
 */
export class Cluster {
  readonly #environment: ClusterEnvironment;
  readonly #breaker = new CircuitBreaker();
  readonly #balancer: EndpointBalancer<Endpoint>;
  readonly #outliers: OutlierWatch<Endpoint>;
  #config: ClusterConfig;
  #assignment = NO_ASSIGNMENT;
  readonly #endpoints: ClusterEndpoints;
  readonly #tunnels = new Set<TcpTunnel>();
  /** It has had a connection. */
  #used = false;
  /** Requests that no endpoint was asked for, since they were asked for last. */
  #dropped = 0;

  readonly #attempts: AttemptOwner = {
    answered: (attempt, head) => {
      const status = countedStatus(head);
      attempt.latency = this.#environment.now() - attempt.begun;
      attempt.well = status < 500;
      this.#outliers.answered(attempt.endpoint, status);
    },
    failed: (attempt, failure) => {
      attempt.well = false;
      attempt.refused = failure.reason === 'overflow';
      this.#failed(attempt.endpoint, failure);
    },
    over: ({ endpoint: { usage }, load, begun, latency, well, refused }) => {
      this.#breaker.release('requests');
      // Who was given up before an answer may have been about to answer well: it is not known.
      const known = well && latency !== undefined;
      const took = latency ?? this.#environment.now() - begun;
      load?.finished(took, known ? 'success' : 'failure');
      if (refused) {
        usage.issued--;
        this.#dropped++;
      } else if (known) usage.succeeded++;
      else if (!well) usage.failed++;
    },
  };

  readonly #tunnelOwner: TunnelOwner = {
    connected: ({ endpoint }) => {
      endpoint.usage.succeeded++;
      this.#outliers.answered(endpoint, 200);
    },
    failed: ({ endpoint }, failure) => {
      endpoint.usage.failed++;
      this.#failed(endpoint, failure);
    },
    over: (tunnel) => {
      this.#tunnels.delete(tunnel);
      tunnel.load?.finished(0, 'failure');
      this.#breaker.release('connections');
    },
  };

  constructor(config: ClusterConfig, assignment: Assignment, environment: ClusterEnvironment) {
    const { now, random, slots } = environment;
    this.#environment = environment;
    this.#config = config;
    this.#balancer = new EndpointBalancer(random, now);
    this.#outliers = new OutlierWatch({ now, random, changed: (change) => this.#outlier(change) });
    this.#endpoints = new ClusterEndpoints(config, {
      ...{ now, random, slots, breaker: this.#breaker, used: () => this.#used },
      checked: (endpoint, status) => this.#checked(endpoint, status),
      succeeded: (endpoint) => this.#outliers.checked(endpoint),
    });
    this.update(config, assignment);
  }

  /** What the control plane says of it. */
  get config(): ClusterConfig {
    return this.#config;
  }

  /** Its endpoints. */
  get endpoints(): Iterable<Endpoint> {
    return this.#endpoints;
  }

  /** Where its endpoints are. */
  get localities(): readonly Locality[] {
    return this.#assignment.targets.map(({ locality }) => locality);
  }

  /** Requests on their way to endpoints. */
  get activeRequests(): number {
    return this.#breaker.used('requests');
  }

  /** Connections that are open or being opened, also to endpoints that were taken out. */
  get connections(): number {
    return this.#breaker.used('connections');
  }

  /** Places, in their order, of the priorities that use unhealthy endpoints because too few are healthy. */
  get panicking(): readonly number[] {
    return this.#balancer.panicking;
  }

  /** True when every endpoint that is checked has been checked once. */
  get warm(): boolean {
    return [...this.endpoints].every(({ checks }) => checks?.status !== 'pending');
  }

  /** Takes a new configuration or other endpoints. Who left finishes the requests it has. */
  update(config: ClusterConfig, assignment: Assignment): void {
    this.#config = config;
    this.#assignment = assignment;
    this.#breaker.configure(config.limits);
    this.#endpoints.update(config, assignment);
    this.#settle();
  }

  /** The instances of the calling service have changed. */
  callersChanged(): void {
    if (this.#config.balancing.locality.type === 'zone-aware') this.#balancer.changed();
  }

  /** An endpoint for a request; undefined when there is none. */
  pick(wish?: PickWish<Endpoint>): Endpoint | undefined {
    return this.#balancer.pick(wish);
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
    const attempt = new Attempt(endpoint, receiver, this.#attempts, this.#environment.now());
    const refusal = this.#breaker.isOpen('requests') ? REQUESTS : undefined;
    this.#breaker.acquire('requests');
    endpoint.load?.started();
    endpoint.usage.issued++;
    this.#used = true;
    attempt.begin(head, options, refusal);
    return attempt;
  }

  /** Opens a raw connection to an endpoint that was picked. The receiver is called later. */
  connect(endpoint: Endpoint, receiver: TunnelReceiver): Tunnel {
    if (!this.#breaker.tryAcquire('connections')) {
      this.#dropped++;
      return new RefusedTunnel(receiver, CONNECTIONS);
    }
    this.#used = true;
    endpoint.load?.started();
    endpoint.usage.issued++;
    const { connectTimeout, tcpKeepalive } = this.#config.connections;
    const options = { connectTimeout, tcpKeepalive, tls: this.#endpoints.tls };
    const tunnel = new TcpTunnel(endpoint, options, receiver, this.#tunnelOwner);
    this.#tunnels.add(tunnel);
    return tunnel;
  }

  /** What was sent to its endpoints since the last call. Who has left is left out, as with Envoy. */
  takeUsage(): ClusterUsage {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return takeUsage(this.#config.name, dropped, this.#endpoints);
  }

  /** True when a request may be tried again now; {@link retryOver} has to follow. */
  tryRetry(): boolean {
    return this.#breaker.tryAcquire('retries');
  }

  /** A retry that {@link tryRetry} allowed has come to its end, or has not been made. */
  retryOver(): void {
    this.#breaker.release('retries');
  }

  /** Closes connections whose time is up, and forgets pools without any. */
  sweep(now: number): void {
    this.#endpoints.sweep(now);
  }

  /** Takes no more requests; those on their way are finished. */
  retire(): void {
    this.#endpoints.retire();
    this.#assignment = NO_ASSIGNMENT;
    this.#settle();
    this.#outliers.close();
  }

  /** Drops every connection. */
  destroy(): void {
    this.retire();
    this.#endpoints.destroy();
    for (const tunnel of this.#tunnels) tunnel.cancel();
  }

  /** What balances and watches takes the endpoints as they are now. */
  #settle(): void {
    const { balancing, outlier } = this.#config;
    const { own, callers } = this.#environment;
    this.#outliers.update(outlier, this.#endpoints);
    for (const endpoint of this.#endpoints) {
      endpoint.ejected = this.#outliers.isEjected(endpoint);
    }
    const { overprovisioning, localityWeight } = this.#assignment;
    this.#balancer.update(this.#endpoints, {
      ...{ config: balancing, overprovisioning, localityWeight },
      ...{ own, callers },
    });
  }

  #failed(endpoint: Endpoint, failure: UpstreamFailure): void {
    if (failure.reason === 'connect') {
      this.#environment.observer.connectFailed(this.#config.name, endpoint, failure.detail);
    }
    this.#outliers.failed(endpoint, failure);
  }

  #outlier(change: OutlierChange<Endpoint>): void {
    const endpoint = change.key;
    endpoint.ejected = change.type === 'ejected';
    // Its connections may be what is wrong.
    if (endpoint.ejected) this.#avoid(endpoint);
    this.#balancer.changed();
    this.#environment.observer.outlier(this.#config.name, change);
  }

  #checked(endpoint: Endpoint, status: CheckStatus): void {
    if (status === 'failing') this.#avoid(endpoint);
    this.#settle();
    this.#environment.observer.checked(this.#config.name, endpoint, status);
  }

  /** Requests that come back to it go out on new connections. */
  #avoid(endpoint: Endpoint): void {
    endpoint.pool.drain();
    if (!this.#config.closeOnFailure) return;
    for (const tunnel of this.#tunnels) if (tunnel.endpoint === endpoint) tunnel.cancel();
  }
}
