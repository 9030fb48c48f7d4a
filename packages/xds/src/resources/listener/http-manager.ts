import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import {
  type Any,
  HeadersWithUnderscoresAction,
  HttpConnectionManager,
  Router,
} from '../../codec/messages.ts';
import { ADS } from '../cluster/cluster.ts';
import { CORS_FILTER, NO_CORS } from '../route/cors.ts';
import { FAULT_FILTER, NO_FAULT } from '../route/fault.ts';
import { noRateLimit, RATE_LIMIT_SLOTS, rateLimitFilter } from '../route/rate-limit.ts';

const NAME = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** Where anybody may call: limits as Envoy's guide to edge proxies has them. */
const EDGE: HttpConnectionManager = {
  useRemoteAddress: { value: true },
  commonHttpProtocolOptions: {
    idleTimeout: duration(3_600_000),
    headersWithUnderscoresAction: HeadersWithUnderscoresAction.REJECT_REQUEST,
  },
  http2ProtocolOptions: {
    maxConcurrentStreams: { value: 100 },
    initialStreamWindowSize: { value: 65_536 },
    initialConnectionWindowSize: { value: 1_048_576 },
  },
  requestHeadersTimeout: duration(15_000),
};

const ROUTER = {
  name: 'envoy.filters.http.router',
  typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', Router, {}),
};
const FAULT = { name: FAULT_FILTER, typedConfig: NO_FAULT };

/**
 * The filters do nothing where no route says more. They are always there: a listener that changes with
 * the first policy would end connections.
 */
const FILTERS = [
  { name: CORS_FILTER, typedConfig: NO_CORS },
  FAULT,
  ...Array.from({ length: RATE_LIMIT_SLOTS }, (_, slot) => {
    return { name: rateLimitFilter(slot), typedConfig: noRateLimit(slot) };
  }),
  ROUTER,
];

/** Routes HTTP/1, HTTP/2, gRPC and WebSocket. */
export function httpManager(options: {
  readonly routes: string;
  readonly statPrefix: string;
  /** Anybody may call. */
  readonly edge: boolean;
}): Any {
  const { routes, statPrefix, edge } = options;
  return pack(NAME, HttpConnectionManager, {
    statPrefix,
    rds: { configSource: ADS, routeConfigName: routes },
    httpFilters: FILTERS,
    // One reading of a path for whoever decides on it.
    normalizePath: { value: true },
    mergeSlashes: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    ...(edge ? EDGE : {}),
  });
}

/** The same for gRPC's clients, which have it instead of a listener. */
export function clientManager(routes: string): Any {
  return pack(NAME, HttpConnectionManager, {
    rds: { configSource: ADS, routeConfigName: routes },
    httpFilters: [FAULT, ROUTER],
  });
}
