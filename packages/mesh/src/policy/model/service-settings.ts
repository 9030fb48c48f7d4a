import type { Protocol } from '../../model/service.ts';
import type { PolicyOrigin } from '../stated.ts';
import type { Balancing } from './balancing.ts';
import type { HealthCheckSettings } from './health-check-settings.ts';
import type { LocalitySettings } from './locality-settings.ts';
import type { OutlierSettings } from './outlier-settings.ts';
import type { RetrySettings } from './retry-settings.ts';
import type { SubsetSettings } from './subset-settings.ts';

/** Limits to what a service is sent at once; beyond them requests fail at once. */
export interface CircuitBreakerSettings {
  readonly maxConnections: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  /** Retries at once; a retry budget goes before it. */
  readonly maxRetries: number;
}

/** How connections are kept. Times in milliseconds; 0 is no limit. */
export interface ConnectionSettings {
  readonly idleTimeout?: number;
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentStreams?: number;
  readonly maxConnectionDuration?: number;
  readonly tcpKeepalive?: {
    readonly time: number;
    readonly interval: number;
    readonly probes: number;
  };
}

/** How long things may take, in milliseconds; 0 is no limit. */
export interface TimeoutSettings {
  /** A request with all of its tries. */
  readonly request?: number;
  readonly perTry?: number;
  /** A stream on which nothing moves, or a TCP connection. */
  readonly idle?: number;
  /** Until a connection stands. */
  readonly connect?: number;
}

/** How the weight of a new endpoint grows; Envoy's slow start. */
export interface WarmUpSettings {
  /** Milliseconds. */
  readonly duration: number;
  readonly aggression: number;
  /** The least weight, in percent of the full one. */
  readonly minWeightPercent: number;
}

/** What an operator states of how requests are sent to a service. What it leaves out is not stated. */
export interface ServiceSettings {
  readonly origin: PolicyOrigin;
  readonly protocol?: Protocol;
  /** What is spoken by the endpoints with this port. */
  readonly ports: readonly { readonly port: number; readonly protocol: Protocol }[];
  /** Only this endpoint takes requests. */
  readonly role?: 'leader';
  /** Where its instances stand for leader: a path in which `{service}` is its name. */
  readonly election?: string;
  readonly balancing?: Balancing;
  readonly warmUp?: WarmUpSettings;
  readonly locality?: LocalitySettings;
  /** Percent of fit endpoints below which a priority uses all of them; 0 is never. */
  readonly panicThreshold?: number;
  readonly subsets: readonly SubsetSettings[];
  /** All of them have to succeed. */
  readonly healthChecks: readonly HealthCheckSettings[];
  readonly outliers?: OutlierSettings;
  readonly circuitBreaker?: CircuitBreakerSettings;
  readonly connections?: ConnectionSettings;
  readonly timeouts: TimeoutSettings;
  readonly retries?: RetrySettings;
  /** The services that its own instances may call, as patterns of names; undefined: all. */
  readonly egress?: readonly string[];
}
