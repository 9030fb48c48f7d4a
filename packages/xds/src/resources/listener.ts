import { pack } from '../codec/any.ts';
import { duration } from '../codec/duration.ts';
import {
  HeadersWithUnderscoresAction,
  HttpConnectionManager,
  type Listener,
  Router,
  TrafficDirection,
} from '../codec/messages.ts';
import { ADS } from './cluster.ts';
import type { HostPort } from './host-port.ts';

/** What a listener is for; also its name, and that of its route configuration. */
export type ListenerKind = 'gateway' | 'outbound';

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

/** A listener that routes HTTP/1, HTTP/2, gRPC and WebSocket by host name. */
export function listener(kind: ListenerKind, at: HostPort): Listener {
  const manager: HttpConnectionManager = {
    statPrefix: kind,
    rds: { configSource: ADS, routeConfigName: kind },
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', Router, {}),
      },
    ],
    // One reading of a path for whoever decides on it.
    normalizePath: { value: true },
    mergeSlashes: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    ...(kind === 'gateway' ? EDGE : {}),
  };
  const name = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  return {
    name: kind,
    address: { socketAddress: { address: at.host, portValue: at.port } },
    trafficDirection: kind === 'gateway' ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    filterChains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typedConfig: pack(name, HttpConnectionManager, manager),
          },
        ],
      },
    ],
  };
}
