import type { Protocol } from '@meshkeeper/mesh';
import type { Policy, Route } from '../kinds/kinds.ts';
import { isService } from '../kinds/parent-ref.ts';
import type { Check, Found, Scene } from './finding.ts';
import { isRoute, quoted, references } from './references.ts';

/** What a service can speak, for a kind of routes to make sense of it. */
const SPOKEN: Readonly<Record<Route['kind'], readonly Protocol[]>> = {
  HTTPRoute: ['http', 'http2', 'grpc'],
  GRPCRoute: ['grpc', 'http2'],
  TCPRoute: ['http', 'http2', 'grpc', 'tcp', 'dubbo'],
};

/** An error: the data plane would speak something that the service does not understand. */
export const protocolMismatch: Check = {
  code: 'protocol-mismatch',
  severity: 'error',
  what: 'A route, or what is hashed, checked, limited or failed on purpose, does not go with what a service speaks.',
  fix: 'Use the kind of route that goes with it, or say in a ServicePolicy what the service speaks.',
  *run(scene) {
    for (const policy of scene.policies) {
      if (isRoute(policy)) yield* ofRoute(policy, scene);
      else if (policy.kind !== 'Gateway') yield* ofPolicy(policy, scene);
    }
  },
};

/** What a service speaks: what an operator says goes before what its registry says. */
function spokenBy(service: string, { policyFor, service: known }: Scene): Protocol | undefined {
  return policyFor(service)?.spec.protocol ?? known.get(service)?.protocol;
}

function* ofRoute(policy: Route, scene: Scene): Iterable<Found> {
  const message = (service: string, protocol: Protocol) =>
    `${quoted(service)} speaks ${protocol}, which is not for a ${policy.kind}`;
  const fitting = SPOKEN[policy.kind];
  for (const { to, path } of references(policy)) {
    const protocol = to.type === 'unknown' ? undefined : spokenBy(to.service, scene);
    if (to.type !== 'unknown' && protocol !== undefined && !fitting.includes(protocol))
      yield { policy, path: [...path, 'name'], message: message(to.service, protocol) };
  }
  for (const [i, ref] of (policy.spec.parentRefs ?? []).entries()) {
    const protocol = isService(ref) ? spokenBy(ref.name, scene) : undefined;
    if (protocol !== undefined && !fitting.includes(protocol))
      yield {
        policy,
        path: ['spec', 'parentRefs', i, 'name'],
        message: message(ref.name, protocol),
      };
  }
}

function* ofPolicy(
  policy: Exclude<Policy, Route | { kind: 'Gateway' }>,
  scene: Scene,
): Iterable<Found> {
  const use = needsRequests(policy);
  for (const [i, { kind, name }] of (policy.spec.targetRefs ?? []).entries()) {
    // Names with a star may well reach further than what is meant.
    const protocol = kind === 'Service' ? spokenBy(name, scene) : undefined;
    if (protocol === undefined) continue;
    const path = ['spec', 'targetRefs', i, 'name'];
    const found = (needs: string): Found => {
      return { policy, path, message: `${quoted(name)} speaks ${protocol}: ${needs}` };
    };
    if (use !== undefined && !SPOKEN.HTTPRoute.includes(protocol))
      yield found(`${use} needs HTTP or gRPC`);
    if (isCheckedByGrpc(policy) && !SPOKEN.GRPCRoute.includes(protocol))
      yield found('a health check of gRPC needs http2 or grpc');
  }
}

function isCheckedByGrpc(policy: Policy): boolean {
  if (policy.kind !== 'ServicePolicy') return false;
  return policy.spec.healthChecks?.some(({ type }) => type === 'grpc') ?? false;
}

/** What of a policy needs requests that can be looked into. */
function needsRequests(policy: Exclude<Policy, Route | { kind: 'Gateway' }>): string | undefined {
  if (policy.kind === 'FaultPolicy') return 'a FaultPolicy';
  if (policy.kind === 'RateLimitPolicy') return 'a RateLimitPolicy';
  const { loadBalancing } = policy.spec;
  if (loadBalancing?.type !== 'ring-hash' && loadBalancing?.type !== 'maglev') return undefined;
  const keys = loadBalancing.hash.map(({ on }) => on);
  // A later key is for what lacks the earlier ones.
  return keys.includes('source-address') ? undefined : `hashing on a ${keys[0]}`;
}
