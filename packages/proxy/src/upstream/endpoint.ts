import type { Health, Host, Load } from '@meshkeeper/mesh';
import type { Candidate } from '../balance/endpoint-balancer.ts';
import type { Target } from '../config/assignment.ts';
import type { EndpointHealth } from '../health/endpoint-health.ts';
import type { StreamPool } from './stream-pool.ts';
import { Usage } from './usage.ts';

/** An endpoint of a cluster: one object for as long as the cluster has it, with its connections. */
export class Endpoint implements Candidate<Endpoint> {
  /** `address:port`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Its requests, for those who ask for them from time to time. */
  readonly usage = new Usage();
  target: Target;
  pool: StreamPool;
  /** What active checks know of it; undefined: it is not checked. */
  checks: EndpointHealth | undefined;
  ejected = false;
  /** The control plane has taken it out, but its checks succeed. */
  leaving = false;
  /** New endpoints are left out until their first check. */
  pending = false;
  since: number;
  host: Host<Endpoint> | undefined;

  /** `now` in the clock's milliseconds. */
  constructor(target: Target, pool: StreamPool, now: number) {
    this.key = target.key;
    this.address = target.address;
    this.port = target.port;
    this.target = target;
    this.pool = pool;
    this.since = now;
  }

  /** The name that the control plane gives it; empty without. */
  get hostname(): string {
    return this.target.hostname;
  }

  /** What only this mesh says of it. */
  get metadata(): Readonly<Record<string, string>> {
    return this.target.metadata;
  }

  /** What the control plane and the checks say together, as Envoy combines them. */
  get health(): Health {
    const stated = this.target.health;
    if (stated === 'unhealthy' || stated === 'draining' || !this.checks) return stated;
    return this.checks.passing ? 'healthy' : 'unhealthy';
  }

  /** Its requests; there before any is sent. */
  get load(): Load | undefined {
    return this.host?.load;
  }
}
