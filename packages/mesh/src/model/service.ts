import { sameHosts } from '../names/stated-hosts.ts';
import { samePolicy, type TrafficPolicy } from '../policy/traffic-policy.ts';
import { type Endpoint, sameEndpoint } from './endpoint.ts';

/** What a service speaks. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'dubbo';

/** A service and all of its instances: the unit in which the catalog changes. */
export interface Service {
  /** The registry's name for it; a dialect may qualify it (`interface:version:group`). */
  readonly name: string;
  /**
   * Host names by which the callers of its registry know it, beside its name and alias: `web.service.consul`; with a
   * port, where it is that one only. As `statedHosts` makes them; undefined of most services.
   */
  readonly hosts?: readonly string[];
  readonly protocol: Protocol;
  /** Sorted by id, without two of one id or one address and port. */
  readonly endpoints: readonly Endpoint[];
  /** Name of the policy that applies, where one does. */
  readonly policyRef?: string;
  /** What the registry itself says of its traffic; what an operator applies goes before it. */
  readonly policy?: TrafficPolicy;
}

/** True when both would be served alike. */
export function sameService(a: Service, b: Service): boolean {
  return (
    a === b ||
    (a.name === b.name &&
      a.protocol === b.protocol &&
      a.policyRef === b.policyRef &&
      sameHosts(a.hosts, b.hosts) &&
      a.endpoints.length === b.endpoints.length &&
      samePolicy(a.policy, b.policy) &&
      a.endpoints.every((endpoint, i) => sameEndpoint(endpoint, b.endpoints[i]!)))
  );
}
