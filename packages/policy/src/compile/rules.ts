import {
  type FaultSettings,
  NOBODY,
  type RateLimitSettings,
  type RuleAction,
  type TrafficRule,
  type WeightedTarget,
} from '@meshkeeper/mesh';
import type { RequestRoute } from '../check/attached.ts';
import { isExtension } from '../check/unknown-kind.ts';
import { milliseconds } from '../kinds/duration.ts';
import type { FaultPolicy } from '../kinds/fault-policy.ts';
import type { GRPCFilter, HTTPFilter } from '../kinds/filters.ts';
import type { Listener } from '../kinds/gateway.ts';
import type { GRPCRoute } from '../kinds/grpc-route.ts';
import type { HTTPRoute } from '../kinds/http-route.ts';
import type { RateLimitPolicy } from '../kinds/rate-limit-policy.ts';
import type { TCPRoute } from '../kinds/tcp-route.ts';
import type { Attachments } from './attachments.ts';
import { compact } from './compact.ts';
import { cors, headerChanges, mirrors, redirect, rewrite, targetOf } from './filters.ts';
import { grpcMatches, httpMatches, type RankedMatch } from './match.ts';
import { originOf } from './origin.ts';

type HTTPRule = HTTPRoute['spec']['rules'][number];
type GRPCRule = NonNullable<GRPCRoute['spec']['rules']>[number];

/** What is done to requests by policies that their rules refer to, or that refer to them. */
export interface RequestPolicies {
  readonly faults: Attachments<FaultPolicy, FaultSettings>;
  readonly rateLimits: Attachments<RateLimitPolicy, RateLimitSettings>;
}

/** A rule for the requests of one match, and what decides over which counts. */
export interface RankedRule extends Pick<RankedMatch, 'rank'> {
  readonly rule: TrafficRule;
}

/**
 * The rules of a route, one a match, in the order in which they are written.
 * @param listener where the requests come in, if that is known
 */
export function rulesOf(
  route: RequestRoute,
  policies: RequestPolicies,
  listener?: Pick<Listener, 'port' | 'protocol'>,
): readonly RankedRule[] {
  const origin = originOf(route);
  const grpc = route.kind === 'GRPCRoute';
  const rules: readonly (HTTPRule | GRPCRule)[] = route.spec.rules ?? [];
  return rules.flatMap((stated, index) => {
    const { name = `#${index}`, filters = [] } = stated;
    const all = compact({
      action: actionOf(route, stated, policies, listener),
      ...headerChanges(filters),
      rewrite: rewrite(filters),
      mirrors: mirrors(filters),
      cors: cors(filters),
      fault: faultOf(route, stated, policies),
      rateLimits: rateLimitsOf(route, stated, policies),
      ...('timeouts' in stated && timeoutsOf(stated)),
      ...('retry' in stated && { retry: retryOf(stated) }),
    });
    const matches = grpc
      ? grpcMatches((stated as GRPCRule).matches)
      : httpMatches((stated as HTTPRule).matches);
    return matches.map(({ match, rank }) => ({
      rule: { origin, name, grpc, match, ...all },
      rank,
    }));
  });
}

/** Where the connections of a route go. */
export function connectionTargets(route: TCPRoute): readonly WeightedTarget[] {
  return weighted(route.spec.rules[0]?.backendRefs);
}

function actionOf(
  route: RequestRoute,
  { filters = [], backendRefs }: HTTPRule | GRPCRule,
  policies: RequestPolicies,
  listener: Pick<Listener, 'port' | 'protocol'> | undefined,
): RuleAction {
  // Gateway API: a filter that can't be resolved must not be skipped, requests fail instead.
  if (filters.some((filter) => !isResolved(route, filter, policies)))
    return { type: 'forward', to: [] };
  return redirect(filters, listener) ?? { type: 'forward', to: weighted(backendRefs) };
}

function isResolved(
  route: RequestRoute,
  filter: HTTPFilter | GRPCFilter,
  { faults, rateLimits }: RequestPolicies,
): boolean {
  if (filter.type !== 'ExtensionRef') return true;
  const { kind, name } = filter.extensionRef;
  if (!isExtension(filter.extensionRef)) return false;
  return kind === 'FaultPolicy' ? faults.has(route, name) : rateLimits.has(route, name);
}

/** Backends of kinds that there aren't keep their share, of which nobody takes care: it fails. */
function weighted(backendRefs: HTTPRule['backendRefs'] = []): readonly WeightedTarget[] {
  const targets = backendRefs.map((ref) => ({
    ...(targetOf(ref) ?? { service: NOBODY }),
    weight: ref.weight,
    ...headerChanges(ref.filters),
  }));
  return targets.some(({ service }) => service !== NOBODY) ? targets : [];
}

/** The first policy that a rule refers to, else the one that refers to it most exactly. */
function faultOf(
  route: RequestRoute,
  stated: HTTPRule | GRPCRule,
  { faults }: RequestPolicies,
): FaultSettings | undefined {
  const [first = faults.ofRule(route, stated.name)] = namesOf(stated, 'FaultPolicy').flatMap(
    (name) => faults.named(route, name) ?? [],
  );
  return first;
}

/** All that a rule refers to, else the one that refers to it most exactly. */
function rateLimitsOf(
  route: RequestRoute,
  stated: HTTPRule | GRPCRule,
  { rateLimits }: RequestPolicies,
): readonly RateLimitSettings[] {
  const named = namesOf(stated, 'RateLimitPolicy').flatMap(
    (name) => rateLimits.named(route, name) ?? [],
  );
  if (named.length > 0) return named;
  const attached = rateLimits.ofRule(route, stated.name);
  return attached === undefined ? [] : [attached];
}

/** The extensions of a kind that a rule refers to, each once. */
function namesOf({ filters = [] }: HTTPRule | GRPCRule, kind: string): readonly string[] {
  const names = filters.flatMap((filter) =>
    filter.type === 'ExtensionRef' &&
    isExtension(filter.extensionRef) &&
    filter.extensionRef.kind === kind
      ? [filter.extensionRef.name]
      : [],
  );
  return [...new Set(names)];
}

function timeoutsOf({
  timeouts: { request, backendRequest } = {},
}: HTTPRule): Pick<TrafficRule, 'timeout' | 'perTryTimeout'> {
  return {
    ...(request !== undefined && { timeout: milliseconds(request) }),
    ...(backendRequest !== undefined && { perTryTimeout: milliseconds(backendRequest) }),
  };
}

function retryOf({ retry }: HTTPRule): TrafficRule['retry'] {
  if (retry === undefined) return undefined;
  const { backoff, codes, attempts } = retry;
  return compact({
    attempts,
    codes,
    backoff: backoff === undefined ? undefined : milliseconds(backoff),
  });
}
