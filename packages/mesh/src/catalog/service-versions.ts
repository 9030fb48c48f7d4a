import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import { type Service, sameService } from '../model/service.ts';
import type { ServiceChange } from '../model/snapshot.ts';
import { sameHosts } from '../names/stated-hosts.ts';

/** What one source has part in of a service as it was served; an empty one may be anybody's. */
export function part(service: Service, source: string): Service | undefined {
  if (service.endpoints.length === 0) return service;
  const endpoints = service.endpoints.filter(({ origin }) => origin.registry === source);
  return endpoints.length === 0 ? undefined : { ...service, endpoints };
}

/** Nobody says what an empty service speaks: it is what it was, also for those that are held. */
export function withProtocol(service: Service, earlier: Service | undefined): Service {
  const known = service.endpoints.length > 0 || earlier === undefined;
  return known || earlier.protocol === service.protocol
    ? service
    : { ...service, protocol: earlier.protocol };
}

/** Those of `before` whose id is not in `after`, both sorted by id. */
export function missing(
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): readonly Endpoint[] {
  let i = 0;
  return before.filter((endpoint) => {
    while (i < after.length && after[i]!.id < endpoint.id) i++;
    return after[i]?.id !== endpoint.id;
  });
}

/** The service to serve; the very one that was served when it is the same, and from the same reads. */
export function served(
  base: Service,
  endpoints: readonly Endpoint[],
  before: Service | undefined,
): Service {
  if (before === undefined) return endpoints === base.endpoints ? base : { ...base, endpoints };
  let same = base.protocol === before.protocol && base.policyRef === before.policyRef;
  same &&= base.policy === before.policy && sameHosts(base.hosts, before.hosts);
  same &&= endpoints.length === before.endpoints.length;
  const old = before.endpoints;
  let i = 0;
  let reused = false;
  const result = endpoints.map((endpoint) => {
    while (i < old.length && old[i]!.id < endpoint.id) i++;
    const earlier = old[i];
    if (endpoint === earlier) return endpoint;
    if (earlier === undefined || !isReread(endpoint, earlier)) {
      same = false;
      return endpoint;
    }
    reused = true;
    return earlier;
  });
  if (same) return before;
  if (reused) return { ...base, endpoints: result };
  return endpoints === base.endpoints ? base : { ...base, endpoints };
}

/** The same endpoint read from the same transaction, or version; two ensembles may have equal zxids. */
function isReread(endpoint: Endpoint, earlier: Endpoint): boolean {
  const [a, b] = [endpoint.origin, earlier.origin];
  return (
    a.mzxid === b.mzxid &&
    a.czxid === b.czxid &&
    a.version === b.version &&
    a.registry === b.registry &&
    a.path === b.path &&
    sameEndpoint(endpoint, earlier)
  );
}

/** What a data plane is told; undefined when nothing differs for it. */
export function changeOf(
  name: string,
  before: Service | undefined,
  after: Service | undefined,
): ServiceChange | undefined {
  if (after === undefined)
    return before === undefined ? undefined : { type: 'removed', name, before };
  if (before === undefined) return { type: 'added', name, after };
  return sameService(before, after) ? undefined : { type: 'updated', name, before, after };
}
