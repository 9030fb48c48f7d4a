import type { RouteConfiguration, Route as RouteMessage, VirtualHost } from '@meshkeeper/xds';
import { parseRouteFilters, type RouteFilters } from './filters/filter-config.ts';
import { type HeaderChanges, parseHeaderChanges } from './header-changes.ts';
import type { Problems } from './problems.ts';
import { parseRateLimits, type RateLimitActions } from './rate-limit-actions.ts';
import { parseRetryPolicy, type RetryPolicy } from './retry-policy.ts';

/** What is done to requests and responses besides sending them on. */
export interface Treatment {
  /** Changes of headers, in the order in which they are applied; undefined for none. */
  readonly requestChanges: readonly HeaderChanges[] | undefined;
  readonly responseChanges: readonly HeaderChanges[] | undefined;
  /** What filters do, where that is not what the listener says. */
  readonly filters: RouteFilters | undefined;
}

/** What a level of a route configuration hands down to those within it. */
export interface RouteScope extends Treatment {
  /** Which level it is, by name. */
  readonly place: string;
  readonly retry: RetryPolicy | undefined;
  readonly rateLimits: readonly RateLimitActions[] | undefined;
  /** Bytes of a request's body that are kept, to be sent again. */
  readonly bufferLimit: number;
  /** Tells the endpoint, and the client, which try it is. */
  readonly countsAttempts: boolean;
  readonly tellsAttempts: boolean;
}

/** What all of the configuration has in common. */
export function configurationScope(message: RouteConfiguration, problems: Problems): RouteScope {
  problems.unsupported('vhds', message.vhds);
  const place = message.name ?? '';
  return {
    ...treatment(message, { ...NO_TREATMENT, place }, problems),
    place,
    retry: undefined,
    rateLimits: undefined,
    bufferLimit: DEFAULT_BUFFER_LIMIT,
    countsAttempts: false,
    tellsAttempts: false,
  };
}

/** Envoy's `per_connection_buffer_limit_bytes`. */
const DEFAULT_BUFFER_LIMIT = 1024 * 1024;

const NO_TREATMENT: Treatment = {
  requestChanges: undefined,
  responseChanges: undefined,
  filters: undefined,
};

/** What the routes of a virtual host have in common. */
export function virtualHostScope(
  message: VirtualHost,
  outer: RouteScope,
  problems: Problems,
): RouteScope {
  const place = `${outer.place}/${message.name}`;
  return {
    ...treatment(message, { ...outer, place }, problems),
    place,
    retry: message.retryPolicy
      ? parseRetryPolicy(message.retryPolicy, problems.at('retry_policy'))
      : undefined,
    rateLimits: parseRateLimits(message.rateLimits, problems),
    bufferLimit: message.perRequestBufferLimitBytes?.value ?? outer.bufferLimit,
    countsAttempts: message.includeRequestAttemptCount === true,
    tellsAttempts: message.includeAttemptCountInResponse === true,
  };
}

/** What a message with the usual fields does, within what surrounds it; `place` is its own. */
export function treatment(
  message: Pick<
    RouteMessage & RouteConfiguration,
    | 'requestHeadersToAdd'
    | 'requestHeadersToRemove'
    | 'responseHeadersToAdd'
    | 'responseHeadersToRemove'
    | 'typedPerFilterConfig'
  >,
  outer: Treatment & Pick<RouteScope, 'place'>,
  problems: Problems,
): Treatment {
  const { requestHeadersToAdd, requestHeadersToRemove } = message;
  const { responseHeadersToAdd, responseHeadersToRemove } = message;
  return {
    requestChanges: within(
      parseHeaderChanges('request_headers', requestHeadersToAdd, requestHeadersToRemove, problems),
      outer.requestChanges,
    ),
    responseChanges: within(
      parseHeaderChanges(
        'response_headers',
        responseHeadersToAdd,
        responseHeadersToRemove,
        problems,
      ),
      outer.responseChanges,
    ),
    filters: parseRouteFilters(message.typedPerFilterConfig, outer.filters, problems, outer.place),
  };
}

/** As Envoy: what is more specific comes first, so that what surrounds it has the last word. */
function within(
  own: HeaderChanges | undefined,
  outer: readonly HeaderChanges[] | undefined,
): readonly HeaderChanges[] | undefined {
  return own ? [own, ...(outer ?? [])] : outer;
}
