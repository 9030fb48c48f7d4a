import {
  type RouteAction as ActionMessage,
  milliseconds,
  type Route as RouteMessage,
} from '@meshkeeper/xds';
import { parseStatus, parseUrlText } from './field-text.ts';
import { type HashPolicy, parseHashPolicy } from './hash-policy.ts';
import { type MirrorPolicy, parseMirrors } from './mirror-policy.ts';
import { type PathRewrite, parsePathRewrite } from './path-rewrite.ts';
import type { Problems } from './problems.ts';
import { parseRateLimits, type RateLimitActions } from './rate-limit-actions.ts';
import { parseRedirect, type Redirect } from './redirect.ts';
import { type HeaderAccess, headerAccess } from './request-view.ts';
import { NO_RETRIES, parseRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { type RouteScope, type Treatment, treatment } from './route-scope.ts';
import { parseStreamDuration, type StreamDuration } from './stream-duration.ts';

/** A cluster and its share of a route's requests. */
export interface ClusterShare extends Treatment {
  readonly name: string;
  /** A header that names it instead. */
  readonly header: HeaderAccess | undefined;
  readonly weight: number;
  /** Replaces the host. */
  readonly hostRewrite: string | undefined;
}

/** What all actions have. */
interface Common {
  /** How requests are described to the filter that limits them. */
  readonly rateLimits: readonly RateLimitActions[] | undefined;
}

/** Sends the request to a cluster. Times in milliseconds, 0 for none. */
export interface ForwardAction extends Common {
  readonly type: 'forward';
  /** One, or several that share the requests by weight. */
  readonly clusters: readonly ClusterShare[];
  /** The sum of their weights. */
  readonly totalWeight: number;
  /** What is answered when the cluster is not there. */
  readonly missingStatus: number;
  /** From the end of the request to the end of the response. */
  readonly timeout: number;
  /** Of silence in both directions. Undefined: the listener's. */
  readonly idleTimeout: number | undefined;
  /** Of all of it. */
  readonly duration: StreamDuration | undefined;
  readonly retry: RetryPolicy;
  /** Bytes of a request's body that are kept, to be sent again. */
  readonly bufferLimit: number;
  readonly rewrite: PathRewrite | undefined;
  /** The host becomes the endpoint's name, where it has one. */
  readonly autoHost: boolean;
  readonly hash: HashPolicy | undefined;
  readonly mirrors: readonly MirrorPolicy[] | undefined;
  /** Protocols, lower case, that a client may upgrade to, or not. Else: what the listener says. */
  readonly upgrades: ReadonlyMap<string, boolean>;
  /** Tells the endpoint, and the client, which try it is. */
  readonly countsAttempts: boolean;
  readonly tellsAttempts: boolean;
}

/** Answers the request. */
export interface RespondAction extends Common, Treatment {
  readonly type: 'respond';
  readonly status: number;
  readonly body: string;
}

/** Answers the request with another place. */
export interface RedirectAction extends Common, Treatment, Redirect {}

/** What is done with a request that a route matched. */
export type RouteAction = ForwardAction | RespondAction | RedirectAction;

/** Envoy's default route timeout. */
const DEFAULT_TIMEOUT = 15_000;

/** The action of a route. */
export function parseRouteAction(
  message: RouteMessage,
  scope: RouteScope,
  problems: Problems,
): RouteAction {
  problems.unsupported('non_forwarding_action', message.nonForwardingAction);
  const treated = treatment(message, scope, problems);
  const { rateLimits } = scope;
  if (message.directResponse) {
    const { status, body } = message.directResponse;
    const bytes = body?.inlineBytes ? Buffer.from(body.inlineBytes).toString() : undefined;
    problems.at('direct_response.body').unsupported('filename', body?.filename);
    const found = parseStatus(status, 'direct_response.status', problems);
    const text = body?.inlineString ?? bytes ?? '';
    return { type: 'respond', status: found, body: text, rateLimits, ...treated };
  }
  if (message.redirect) {
    const at = problems.at('redirect');
    return { ...parseRedirect(message.redirect, message.match ?? {}, at), rateLimits, ...treated };
  }
  if (!message.route && !message.nonForwardingAction) {
    problems.add('action', 'route, redirect or direct_response is required');
  }
  return parseForward(message, scope, treated, problems.at('route'));
}

function parseForward(
  { route: action = {}, match }: { route?: ActionMessage | null; match?: RouteMessage['match'] },
  scope: RouteScope,
  treated: Treatment,
  problems: Problems,
): ForwardAction {
  const message = action ?? {};
  problems.unsupported('metadata_match', message.metadataMatch);
  const clusters = parseShares(message, treated, scope.place, problems);
  const rateLimits = parseRateLimits(message.rateLimits, problems);
  const outer = scope.rateLimits ?? [];
  const upgrades = (message.upgradeConfigs ?? []).map(
    ({ upgradeType, enabled }) =>
      [(upgradeType ?? '').toLowerCase(), enabled?.value !== false] as const,
  );
  return {
    type: 'forward',
    clusters,
    totalWeight: clusters.reduce((sum, { weight }) => sum + weight, 0),
    missingStatus: MISSING[message.clusterNotFoundResponseCode ?? 0] ?? 503,
    timeout: milliseconds(message.timeout) ?? DEFAULT_TIMEOUT,
    idleTimeout: milliseconds(message.idleTimeout),
    duration: parseStreamDuration(message.maxStreamDuration),
    retry: message.retryPolicy
      ? parseRetryPolicy(message.retryPolicy, problems.at('retry_policy'))
      : (scope.retry ?? NO_RETRIES),
    bufferLimit: scope.bufferLimit,
    rewrite: parsePathRewrite(message, match ?? {}, problems),
    autoHost: message.autoHostRewrite?.value === true,
    hash: parseHashPolicy(message.hashPolicy, problems),
    mirrors: parseMirrors(message.requestMirrorPolicies, problems),
    upgrades: new Map(upgrades),
    // As Envoy: those of the virtual host are for routes without any, unless both are to count.
    rateLimits:
      rateLimits && message.includeVhRateLimits?.value
        ? [...rateLimits, ...outer]
        : (rateLimits ?? scope.rateLimits),
    countsAttempts: scope.countsAttempts,
    tellsAttempts: scope.tellsAttempts,
  };
}

/** `RouteAction.ClusterNotFoundResponseCode`. */
const MISSING: Readonly<Record<number, number>> = { 0: 503, 1: 404, 2: 500 };

function parseShares(
  message: ActionMessage,
  treated: Treatment,
  place: string,
  problems: Problems,
): readonly ClusterShare[] {
  const field = 'host_rewrite_literal';
  const hostRewrite = parseUrlText(message.hostRewriteLiteral, field, problems);
  const only = { weight: 1, hostRewrite, ...treated };
  if (message.cluster) return [{ name: message.cluster, header: undefined, ...only }];
  if (message.clusterHeader) {
    return [{ name: '', header: headerAccess(message.clusterHeader), ...only }];
  }
  const weighted = message.weightedClusters?.clusters ?? [];
  const clusters = weighted.map((each, i): ClusterShare => {
    const at = problems.at(`weighted_clusters.clusters[${i}]`);
    at.unsupported('metadata_match', each.metadataMatch);
    if (!each.name) at.add('name', 'must not be empty');
    return {
      name: each.name ?? '',
      header: undefined,
      weight: each.weight?.value ?? 0,
      hostRewrite: parseUrlText(each.hostRewriteLiteral, field, at) ?? hostRewrite,
      ...treatment(each, { ...treated, place: `${place}/${i}` }, at),
    };
  });
  if (clusters.every(({ weight }) => weight === 0)) {
    problems.add('cluster_specifier', 'needs a cluster, or weighted clusters of a sum above 0');
  }
  return clusters;
}
