import { HttpConnectionManager, type Listener, milliseconds } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';
import { RouteTable } from './route-table.ts';

const MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/** `HttpProtocolOptions.HeadersWithUnderscoresAction.REJECT_REQUEST`. */
const REJECT_REQUEST = 1;

/** A listener, as far as the proxy knows listeners. Times in milliseconds, 0 for none. */
export interface ListenerConfig {
  readonly name: string;
  readonly address: string;
  /** 0 binds a free port. */
  readonly port: number;
  /** The name of a route configuration, or the table itself. */
  readonly routes: string | RouteTable;
  /** Appends the client's address to X-Forwarded-For. */
  readonly useRemoteAddress: boolean;
  readonly stripPort: boolean;
  /** Of a client connection without a request. */
  readonly idleTimeout: number;
  /** Of a stream on which no byte moves. */
  readonly streamIdleTimeout: number;
  readonly maxRequestHeadersBytes: number;
  /** From a request's first byte to the end of its headers. */
  readonly requestHeadersTimeout: number;
  /** Requests with an underscore in a header's name are refused. */
  readonly rejectUnderscores: boolean;
  /** Dot segments are resolved before a route is chosen, and the result is what is sent on. */
  readonly normalizePath: boolean;
  readonly mergeSlashes: boolean;
  /** Protocols, lower case, that a client may upgrade to. */
  readonly upgrades: ReadonlySet<string>;
}

/** `config.listener.v3.Listener` with one HTTP connection manager. */
export function parseListener(message: Listener, problems: Problems): ListenerConfig {
  const socket = message.address?.socketAddress;
  if (!socket?.address) problems.add('address.socket_address', 'is required');
  problems.unsupported('listener_filters', message.listenerFilters);
  const manager = parseManager(message, problems);
  const { rds, routeConfig } = manager;
  const at = problems.at('http_connection_manager');
  for (const [i, { typedConfig }] of (manager.httpFilters ?? []).entries()) {
    if (typedConfig?.type_url === ROUTER || manager.httpFilters?.[i]?.isOptional) continue;
    at.add(`http_filters[${i}]`, `the embedded proxy has no ${typedConfig?.type_url ?? 'filter'}`);
  }
  const upgrades = (manager.upgradeConfigs ?? [])
    .filter(({ enabled }) => enabled?.value !== false)
    .map(({ upgradeType }) => (upgradeType ?? '').toLowerCase());
  if (!rds?.routeConfigName && !routeConfig) at.add('rds', 'or route_config is required');
  return {
    name: message.name ?? '',
    address: socket?.address ?? '',
    port: socket?.portValue ?? 0,
    routes: routeConfig
      ? RouteTable.parse(routeConfig, at.at('route_config'))
      : (rds?.routeConfigName ?? ''),
    useRemoteAddress: manager.useRemoteAddress?.value === true,
    stripPort: manager.stripMatchingHostPort === true || manager.stripAnyHostPort === true,
    idleTimeout: milliseconds(manager.commonHttpProtocolOptions?.idleTimeout) ?? 3_600_000,
    streamIdleTimeout: milliseconds(manager.streamIdleTimeout) ?? 300_000,
    maxRequestHeadersBytes: (manager.maxRequestHeadersKb?.value ?? 60) * 1024,
    requestHeadersTimeout: milliseconds(manager.requestHeadersTimeout) ?? 60_000,
    rejectUnderscores:
      manager.commonHttpProtocolOptions?.headersWithUnderscoresAction === REJECT_REQUEST,
    normalizePath: manager.normalizePath?.value === true,
    mergeSlashes: manager.mergeSlashes === true,
    upgrades: new Set(upgrades),
  };
}

function parseManager(message: Listener, problems: Problems): HttpConnectionManager {
  const chains = message.filterChains ?? [];
  const chain = chains[0] ?? message.defaultFilterChain;
  if (chains.length > 1) problems.add('filter_chains', 'the embedded proxy takes one');
  const at = problems.at('filter_chains[0]');
  at.unsupported('transport_socket', chain?.transportSocket);
  const filters = chain?.filters ?? [];
  const config = filters[0]?.typedConfig;
  if (filters.length !== 1 || config?.type_url !== MANAGER) {
    at.add('filters', 'the embedded proxy takes exactly one filter, an HTTP connection manager');
    return {};
  }
  try {
    return HttpConnectionManager.decode(config.value ?? new Uint8Array());
  } catch {
    at.add('filters[0].typed_config', 'is not a valid HttpConnectionManager');
    return {};
  }
}
