import { milliseconds, type Route as RouteMessage } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';
import { parseRetryPolicy, type RetryPolicy } from './retry-policy.ts';

/** A cluster and its share of a route's requests. */
export interface ClusterShare {
  readonly name: string;
  readonly weight: number;
}

/** Sends the request to a cluster. Times in milliseconds, 0 for none. */
export interface ForwardAction {
  readonly type: 'forward';
  /** One, or several that share the requests by weight. */
  readonly clusters: readonly ClusterShare[];
  /** From the end of the request to the end of the response. */
  readonly timeout: number;
  /** Of silence in both directions. Undefined: the listener's. */
  readonly idleTimeout: number | undefined;
  readonly retry: RetryPolicy;
  /** Replaces the part of the path that the route's prefix matched. */
  readonly prefixRewrite: { readonly from: string; readonly to: string } | undefined;
  /** Replaces the Host header. */
  readonly hostRewrite: string | undefined;
  /** Protocols, lower case, that a client may upgrade to. Undefined: what the listener says. */
  readonly upgrades: ReadonlyMap<string, boolean>;
}

/** What is done with a request that a route matched. */
export type RouteAction =
  | ForwardAction
  | { readonly type: 'respond'; readonly status: number; readonly body: string };

/** Envoy's default route timeout. */
const DEFAULT_TIMEOUT = 15_000;

/** The action of a route; `defaults` is its virtual host's retry policy. */
export function parseRouteAction(
  message: RouteMessage,
  defaults: RetryPolicy | undefined,
  problems: Problems,
): RouteAction {
  problems.unsupported('redirect', message.redirect);
  problems.unsupported('non_forwarding_action', message.nonForwardingAction);
  if (message.directResponse) {
    const { status, body } = message.directResponse;
    const bytes = body?.inlineBytes ? Buffer.from(body.inlineBytes).toString() : undefined;
    problems.at('direct_response.body').unsupported('filename', body?.filename);
    return { type: 'respond', status: status ?? 200, body: body?.inlineString ?? bytes ?? '' };
  }
  const action = message.route ?? {};
  const at = problems.at('route');
  if (!message.route && !message.redirect && !message.nonForwardingAction) {
    problems.add('action', 'route or direct_response is required');
  }
  for (const [field, value] of [
    ['cluster_header', action.clusterHeader],
    ['metadata_match', action.metadataMatch],
    ['regex_rewrite', action.regexRewrite],
    ['request_mirror_policies', action.requestMirrorPolicies],
    ['auto_host_rewrite', action.autoHostRewrite?.value],
  ] as const) {
    at.unsupported(field, value);
  }
  const retry = action.retryPolicy
    ? parseRetryPolicy(action.retryPolicy, at.at('retry_policy'))
    : (defaults ?? parseRetryPolicy(undefined, at));
  const upgrades = (action.upgradeConfigs ?? []).map(
    ({ upgradeType, enabled }) =>
      [(upgradeType ?? '').toLowerCase(), enabled?.value !== false] as const,
  );
  return {
    type: 'forward',
    clusters: shares(action, at),
    timeout: milliseconds(action.timeout) ?? DEFAULT_TIMEOUT,
    idleTimeout: milliseconds(action.idleTimeout),
    retry,
    prefixRewrite: rewrite(message),
    hostRewrite: action.hostRewriteLiteral || undefined,
    upgrades: new Map(upgrades),
  };
}

function shares(
  action: NonNullable<RouteMessage['route']>,
  problems: Problems,
): readonly ClusterShare[] {
  if (action.cluster) return [{ name: action.cluster, weight: 1 }];
  const weighted = action.weightedClusters?.clusters ?? [];
  const clusters = weighted.map(({ name, weight }, i) => {
    if (!name) problems.add(`weighted_clusters.clusters[${i}].name`, 'must not be empty');
    return { name: name ?? '', weight: weight?.value ?? 0 };
  });
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0 && !action.clusterHeader) {
    problems.add('cluster_specifier', 'needs a cluster, or weighted clusters of a sum above 0');
  }
  return clusters;
}

function rewrite(message: RouteMessage): { from: string; to: string } | undefined {
  const to = message.route?.prefixRewrite;
  if (!to) return undefined;
  const { prefix, path, pathSeparatedPrefix } = message.match ?? {};
  return { from: path ?? pathSeparatedPrefix ?? prefix ?? '', to };
}
