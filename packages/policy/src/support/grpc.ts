import { milliseconds } from '../kinds/duration.ts';
import type { FaultPolicy } from '../kinds/fault-policy.ts';
import type { GRPCRoute } from '../kinds/grpc-route.ts';
import type { HTTPRoute } from '../kinds/http-route.ts';
import type { Policy } from '../kinds/kinds.ts';
import { isService } from '../kinds/parent-ref.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import { byNone } from './common.ts';
import type { Unsupported } from './data-plane.ts';

type Spec = ServicePolicy['spec'];

/** What gRPC's clients don't do of themselves; those behind a proxy have what the proxy does. */
export function* byGrpc(policy: Policy): Iterable<Unsupported> {
  switch (policy.kind) {
    case 'ServicePolicy':
      yield* byNone(policy);
      yield* within(['spec'], ofService(policy.spec));
      break;
    case 'HTTPRoute':
    case 'GRPCRoute':
      if (policy.spec.parentRefs?.some(isService)) yield* within(['spec'], ofRoute(policy.spec));
      break;
    case 'FaultPolicy':
      yield* within(['spec'], ofFault(policy.spec));
      break;
    case 'RateLimitPolicy':
      yield { path: ['spec'], reason: 'gRPC has no rate limits: its calls are not counted' };
      break;
    case 'TCPRoute':
    case 'Gateway':
  }
}

function* within(
  path: readonly PropertyKey[],
  found: Iterable<Unsupported>,
): Iterable<Unsupported> {
  for (const { path: rest, reason } of found) yield { path: [...path, ...rest], reason };
}

function* ofService(spec: Spec): Iterable<Unsupported> {
  yield* within(['loadBalancing'], ofBalancing(spec.loadBalancing));
  const { warmUp, locality, panicThreshold, healthChecks = [], connectionPool } = spec;
  if (warmUp !== undefined)
    yield { path: ['warmUp'], reason: 'new endpoints take their full share at once' };
  if (locality?.mode === 'zone-aware')
    yield { path: ['locality', 'mode'], reason: 'requests go anywhere: use failover' };
  const spills = locality?.mode === 'failover' || locality?.mode === 'priorities';
  if (spills && locality.overprovisioning !== 140)
    yield {
      path: ['locality', 'overprovisioning'],
      reason: 'the next priority takes over when nobody of the one before can be reached',
    };
  if (panicThreshold !== undefined)
    yield { path: ['panicThreshold'], reason: 'endpoints that are not fit are never used' };
  if (healthChecks.length > 0)
    yield { path: ['healthChecks'], reason: 'endpoints are not checked by clients' };
  if (connectionPool !== undefined)
    yield { path: ['connectionPool'], reason: 'a client keeps one connection to each endpoint' };
  yield* ofOutliers(spec.outlierDetection);
  yield* ofLimits(spec.circuitBreaker);
  yield* ofTries(spec);
}

function* ofBalancing(stated: Spec['loadBalancing']): Iterable<Unsupported> {
  switch (stated?.type) {
    case 'random':
    case 'maglev':
      yield { path: ['type'], reason: 'gRPC takes turns by weight instead' };
      break;
    case 'least-request':
      yield { path: ['type'], reason: 'gRPC for Node takes turns by weight instead' };
      break;
    case 'peak-ewma':
      if (stated.fallback === 'random' || stated.fallback === 'least-request')
        yield { path: ['fallback'], reason: 'gRPC takes turns by weight instead' };
      break;
    case 'ring-hash':
      for (const [index, { on }] of stated.hash.entries())
        if (on !== 'header') yield { path: ['hash', index], reason: 'gRPC hashes headers only' };
      if (stated.balanceFactor !== undefined)
        yield { path: ['balanceFactor'], reason: 'the load of an endpoint is not bounded' };
      break;
  }
}

function* ofOutliers(stated: Spec['outlierDetection']): Iterable<Unsupported> {
  if (stated === undefined) return;
  const reason = 'gRPC ejects by successRate and failurePercentage only';
  if (stated.successRate === undefined && stated.failurePercentage === undefined) {
    yield { path: ['outlierDetection'], reason: `${reason}: add one of them` };
    return;
  }
  const { consecutive5xx, consecutiveGatewayErrors, splitLocal, maxEjectionJitter } = stated;
  // By default there are some.
  if (consecutive5xx !== 0 && consecutive5xx !== 5)
    yield { path: ['outlierDetection', 'consecutive5xx'], reason };
  if (consecutiveGatewayErrors !== 0)
    yield { path: ['outlierDetection', 'consecutiveGatewayErrors'], reason };
  if (splitLocal)
    yield { path: ['outlierDetection', 'splitLocal'], reason: 'all failures count together' };
  if (milliseconds(maxEjectionJitter) !== 0)
    yield { path: ['outlierDetection', 'maxEjectionJitter'], reason: 'all come back in time' };
}

function* ofLimits(stated: Spec['circuitBreaker']): Iterable<Unsupported> {
  for (const [field, byDefault] of [
    ['maxConnections', 1024],
    ['maxPendingRequests', 1024],
    ['maxRetries', 3],
  ] as const)
    if (stated !== undefined && stated[field] !== byDefault)
      yield { path: ['circuitBreaker', field], reason: 'gRPC bounds maxRequests only' };
}

const CALL_CONDITIONS: ReadonlySet<string> = new Set([
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** gRPC's own bound: five tries, the first among them. */
const MOST_RETRIES = 4;

function* ofTries({ timeouts, retries }: Spec): Iterable<Unsupported> {
  const { perTry, idle, connect } = timeouts ?? {};
  const notTimed = 'gRPC bounds the whole call only: use timeouts.request';
  if (perTry !== undefined) yield { path: ['timeouts', 'perTry'], reason: notTimed };
  if (idle !== undefined) yield { path: ['timeouts', 'idle'], reason: notTimed };
  if (connect !== undefined)
    yield { path: ['timeouts', 'connect'], reason: 'a client connects at its own pace' };
  if (retries === undefined || retries.attempts === 0) return;
  if (!retries.on.some((condition) => CALL_CONDITIONS.has(condition)))
    yield {
      path: ['retries', 'on'],
      reason: `gRPC tries calls again by status: add one of ${[...CALL_CONDITIONS].join(', ')}`,
    };
  if (retries.codes !== undefined)
    yield { path: ['retries', 'codes'], reason: 'gRPC tries calls again by gRPC status' };
  if (retries.attempts > MOST_RETRIES)
    yield { path: ['retries', 'attempts'], reason: 'gRPC tries a call five times at most' };
  const { percent, minConcurrency } = retries.budget;
  if (percent !== 20 || minConcurrency !== 3)
    yield { path: ['retries', 'budget'], reason: 'retries are not bounded together' };
}

function* ofRoute({ rules = [] }: HTTPRoute['spec'] | GRPCRoute['spec']): Iterable<Unsupported> {
  for (const [index, rule] of rules.entries()) {
    const path = ['rules', index];
    for (const [at, { type }] of (rule.filters ?? []).entries())
      if (type !== 'ExtensionRef') yield { path: [...path, 'filters', at], reason: FILTERS[type] };
    for (const [at, { filters = [] }] of (rule.backendRefs ?? []).entries())
      if (filters.length > 0)
        yield { path: [...path, 'backendRefs', at, 'filters'], reason: HEADERS };
    if ('timeouts' in rule && rule.timeouts?.backendRequest !== undefined)
      yield {
        path: [...path, 'timeouts', 'backendRequest'],
        reason: 'gRPC bounds the whole call only: use timeouts.request',
      };
    if ('retry' in rule && rule.retry?.codes !== undefined)
      yield { path: [...path, 'retry', 'codes'], reason: 'gRPC tries again by gRPC status' };
  }
}

const HEADERS = 'clients send and get headers as they are';

const FILTERS = {
  RequestHeaderModifier: HEADERS,
  ResponseHeaderModifier: HEADERS,
  RequestMirror: 'clients send a call to one endpoint only',
  RequestRedirect: 'calls are not redirected: such a call fails as UNAVAILABLE',
  URLRewrite: 'calls go out as they are',
  CORS: 'only browsers ask for it',
  ExternalAuth: 'it is refused',
} as const;

function* ofFault({ headers, responseRate }: FaultPolicy['spec']): Iterable<Unsupported> {
  if (headers !== undefined && headers.length > 0)
    yield {
      path: ['headers'],
      reason: 'gRPC can not tell calls by headers here: none of them fails on purpose',
    };
  if (responseRate !== undefined)
    yield { path: ['responseRate'], reason: 'gRPC slows no answers down' };
}
