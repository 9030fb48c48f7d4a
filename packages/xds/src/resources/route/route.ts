import type { EffectivePolicy, EffectiveTries, TrafficRule } from '@meshkeeper/mesh';
import { duration } from '../../codec/duration.ts';
import {
  DenominatorType,
  type RequestMirrorPolicy,
  type Route,
  type RouteAction,
  type RouteMatch,
} from '../../codec/messages.ts';
import { NOWHERE } from '../endpoint/parts.ts';
import type { Flavour } from '../flavour.ts';
import { CORS_FILTER, cors } from './cors.ts';
import { destinations } from './destinations.ts';
import { faultConfig } from './fault.ts';
import { hashPolicies } from './hash-policy.ts';
import { headerFields } from './headers.ts';
import { ANY, routeMatch } from './match.ts';
import { escaped, pathFields } from './path-change.ts';
import type { RateLimitSlots } from './rate-limit.ts';
import { redirects } from './redirect.ts';
import { CAUTIOUS, IDEMPOTENT, NO_RETRIES, retryPolicy, timed } from './retry.ts';
import type { Destination, RouteContext } from './route-context.ts';

const NO_TIMEOUT = duration(0);
/** No byte in either direction for so long is a failure; what flows may flow for ever. */
const IDLE = 15_000;
const LONG_IDLE = 3_600_000;

const UPGRADE: RouteMatch = { headers: [{ name: 'upgrade', presentMatch: true }] };
const EVENT_STREAM: RouteMatch = {
  headers: [{ name: 'accept', stringMatch: { contains: 'text/event-stream' } }],
};
/** The methods that RFC 9110 calls idempotent. */
const IDEMPOTENT_METHOD: RouteMatch = {
  headers: [
    { name: ':method', stringMatch: { safeRegex: { regex: 'GET|HEAD|OPTIONS|TRACE|PUT|DELETE' } } },
  ],
};
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** A rule, or the part of one that is left when nobody has written any. */
export type AnyRule = Pick<TrafficRule, 'match' | 'action' | 'mirrors' | 'rateLimits' | 'grpc'> &
  Partial<TrafficRule>;

/** What a service's requests meet where there is no rule for them: they go to it. */
export function plainRule(service: string, subset?: string): AnyRule {
  const target = { service, weight: 1, ...(subset === undefined ? {} : { subset }) };
  return {
    grpc: false,
    match: ANY,
    action: { type: 'forward', to: [target] },
    mirrors: [],
    rateLimits: [],
  };
}

/**
 * The routes of a rule, most specific first; none when no request of that flavour fits it.
 *
 * Envoy's 15 seconds for a whole response would cut downloads and streams off, so there is no such
 * limit unless it is stated, but one on silence: 15 seconds, an hour for upgrades and event streams,
 * none for gRPC, whose clients state their own deadline. Where nothing is stated of retries, idempotent
 * requests are tried again in more cases than others. Each of these is a route of its own.
 */
export function routesOf(rule: AnyRule, context: RouteContext, slots: RateLimitSlots): Route[] {
  const match = routeMatch(rule.match, context.flavour);
  if (match === undefined) return [];
  const common = commonOf(rule, context);
  if (rule.action.type === 'redirect') {
    // gRPC follows no redirects: such a call fails.
    if (context.flavour === 'grpc') return [{ match, route: { cluster: NOWHERE }, ...common }];
    return redirects(rule.action, rule.match).map(({ match: more, redirect }) => {
      return { match: merged(match, more), redirect, ...common };
    });
  }
  const found = destinations(rule.action, rule, context);
  if (found === undefined) {
    if (context.flavour === 'grpc') return [{ match, route: { cluster: NOWHERE }, ...common }];
    return [{ match, directResponse: { status: rule.grpc ? 503 : 500 }, ...common }];
  }
  const route = { ...found.action, ...actionOf(rule, context, found.targets, slots) };
  return variants(rule, context, found.targets[0]).map(({ match: more, action }) => ({
    match: merged(match, more),
    route: { ...route, ...action },
    ...common,
  }));
}

interface Variant {
  readonly match: RouteMatch;
  readonly action: RouteAction;
}

/** What of a route depends on what kind of request it is. */
function variants(
  rule: AnyRule,
  { flavour }: RouteContext,
  to: Destination | undefined,
): Variant[] {
  const { settings, policy, service } = to ?? {};
  const grpc = rule.grpc || (settings?.protocol ?? service?.protocol) === 'grpc';
  const own: Variant = { match: {}, action: triesOf(rule, policy ?? {}, flavour, grpc) };
  if (flavour === 'grpc') return [...methodsOf(rule, policy, flavour), own];
  const stated = settings?.timeouts.idle;
  const idle = (otherwise: number, { match, action }: Variant = own): Variant => {
    return { match, action: { ...action, idleTimeout: duration(stated ?? otherwise) } };
  };
  if (grpc) return [...methodsOf(rule, policy, flavour), own].map((variant) => idle(0, variant));
  const result: Variant[] = [];
  const { method } = rule.match;
  // Both are asked for with GET.
  if (stated === undefined && (method === undefined || method === 'GET')) {
    result.push({ ...idle(LONG_IDLE), match: UPGRADE });
    result.push({ ...idle(LONG_IDLE), match: EVENT_STREAM });
  }
  if (rule.retry !== undefined || policy?.retries !== undefined) return [...result, idle(IDLE)];
  const { match, action } = idle(IDLE);
  const again = { ...action, retryPolicy: timed(IDEMPOTENT, perTryOf(rule, policy)) };
  if (method === undefined)
    return [...result, { match: IDEMPOTENT_METHOD, action: again }, { match, action }];
  return [...result, { match, action: IDEMPOTENT_METHODS.has(method) ? again : action }];
}

/** The methods of which a registry states something of its own, where no rule says what is called. */
function methodsOf(
  rule: AnyRule,
  policy: EffectivePolicy | undefined,
  flavour: Flavour,
): Variant[] {
  if (rule.origin !== undefined || policy === undefined) return [];
  return policy.methods.map((stated) => ({
    match: { safeRegex: { regex: `/[^/]+/${escaped(stated.method)}` } },
    action: triesOf(rule, stated, flavour, true),
  }));
}

/** How long a request may take, and how often it is tried: as the route says, else its destination. */
function triesOf(
  rule: AnyRule,
  policy: EffectiveTries,
  flavour: Flavour,
  grpc: boolean,
): RouteAction {
  const perTry = perTryOf(rule, policy);
  const retry = retryPolicy({ rule: rule.retry, service: policy.retries?.value }, grpc);
  const limit = rule.timeout ?? policy.timeout?.value;
  if (flavour === 'grpc') {
    const tries = retry === undefined || retry === 'none' ? {} : { retryPolicy: retry };
    return { ...tries, ...callLimit(limit) };
  }
  const tries = retry === 'none' ? NO_RETRIES : (retry ?? (perTry ? CAUTIOUS : undefined));
  return {
    timeout: limit === undefined ? NO_TIMEOUT : duration(limit),
    // What is not stated is the virtual host's.
    ...(tries === undefined ? {} : { retryPolicy: timed(tries, perTry) }),
    // 0: what the client says in `grpc-timeout` holds, unless a limit is stated.
    ...(grpc ? { maxStreamDuration: { grpcTimeoutHeaderMax: duration(limit ?? 0) } } : {}),
  };
}

/** Milliseconds for one try. */
function perTryOf(rule: AnyRule, policy: EffectiveTries | undefined): number | undefined {
  return rule.perTryTimeout ?? policy?.perTryTimeout?.value;
}

/** gRPC doesn't read a route's timeout. */
function callLimit(limit: number | undefined): RouteAction {
  if (limit === undefined || limit === 0) return {};
  return { maxStreamDuration: { maxStreamDuration: duration(limit) } };
}

/** What is the same for all requests of a rule that are forwarded. */
function actionOf(
  rule: AnyRule,
  context: RouteContext,
  targets: readonly Destination[],
  slots: RateLimitSlots,
): RouteAction {
  const hashPolicy = hashPolicies(targets, context.flavour);
  const hashed = hashPolicy.length === 0 ? {} : { hashPolicy };
  if (context.flavour === 'grpc') return hashed;
  const { rewrite, mirrors } = rule;
  const rateLimits = limitsOf(rule, context, slots);
  return {
    ...hashed,
    ...(rewrite?.path === undefined ? {} : pathFields(rewrite.path, rule.match)),
    ...(rewrite?.hostname === undefined ? {} : { hostRewriteLiteral: rewrite.hostname }),
    ...(mirrors.length === 0
      ? {}
      : { requestMirrorPolicies: mirrors.map((each) => mirror(each, context)) }),
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
  };
}

function limitsOf(rule: AnyRule, context: RouteContext, slots: RateLimitSlots) {
  const to = rule.action.type === 'forward' ? rule.action.to : [];
  const services = new Set(to.filter(({ weight }) => weight > 0).map(({ service }) => service));
  const ofServices = [...services].flatMap((service) => context.rateLimits(service));
  return slots.limits([...new Set([...rule.rateLimits, ...ofServices])]);
}

function mirror(
  { millionths, ...target }: TrafficRule['mirrors'][number],
  context: RouteContext,
): RequestMirrorPolicy {
  const { cluster } = context.destination(target);
  const defaultValue = { numerator: millionths, denominator: DenominatorType.MILLION };
  return {
    cluster,
    ...(millionths === 1_000_000 ? {} : { runtimeFraction: { defaultValue } }),
    disableShadowHostSuffixAppend: true,
  };
}

/** What is done to requests and responses, whatever becomes of them. */
function commonOf(rule: AnyRule, context: RouteContext): Route {
  const configs = filterConfigs(rule, context);
  const named = rule.origin === undefined ? {} : { name: `${rule.origin.path}/${rule.name ?? ''}` };
  if (context.flavour === 'grpc')
    return { ...named, ...(configs === undefined ? {} : { typedPerFilterConfig: configs }) };
  return {
    ...named,
    ...headerFields(rule.requestHeaders, rule.responseHeaders),
    ...(configs === undefined ? {} : { typedPerFilterConfig: configs }),
  };
}

function filterConfigs(rule: AnyRule, context: RouteContext) {
  const to = rule.action.type === 'forward' ? rule.action.to : [];
  // Of several destinations each has its own: see `destinations`.
  const only = to.filter(({ weight }) => weight > 0).length === 1 ? to[0] : undefined;
  const failure = rule.fault ?? (only && context.fault(only.service));
  const configs = {
    ...faultConfig(failure, context.flavour),
    ...(rule.cors === undefined || context.flavour === 'grpc'
      ? {}
      : { [CORS_FILTER]: cors(rule.cors) }),
  };
  return Object.keys(configs).length === 0 ? undefined : configs;
}

/** Both have to fit. */
function merged(match: RouteMatch, more: RouteMatch): RouteMatch {
  const headers = [...(match.headers ?? []), ...(more.headers ?? [])];
  const path = more.safeRegex === undefined ? match : { safeRegex: more.safeRegex };
  return headers.length === 0 ? path : { ...path, headers };
}
