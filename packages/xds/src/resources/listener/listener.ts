import {
  type Any,
  type FilterChain,
  type Listener,
  TrafficDirection,
} from '../../codec/messages.ts';
import type { HostPort } from '../host-port.ts';
import { clientManager, httpManager } from './http-manager.ts';

/** What a listener is for; also its name, and that of its route configuration. */
export type ListenerKind = 'gateway' | 'outbound';

/** A listener that routes HTTP/1, HTTP/2, gRPC and WebSocket by host name. */
export function listener(kind: ListenerKind, at: HostPort): Listener {
  const edge = kind === 'gateway';
  const manager = httpManager({ routes: kind, statPrefix: kind, edge });
  const direction = edge ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND;
  return listenerAt(kind, at, direction, [httpChain(manager)]);
}

/** What a gRPC client asks for by a name of a service: it leads to the service's routes. */
export function apiListener(name: string, service: string): Listener {
  return { name, apiListener: { apiListener: clientManager(service) } };
}

/** A listener of that name. */
export function listenerAt(
  name: string,
  at: HostPort,
  trafficDirection: TrafficDirection,
  filterChains: FilterChain[],
): Listener {
  return {
    name,
    address: { socketAddress: { address: at.host, portValue: at.port } },
    trafficDirection,
    filterChains,
  };
}

/** Connections are for an HTTP connection manager. */
export function httpChain(manager: Any): FilterChain {
  const name = 'envoy.filters.network.http_connection_manager';
  return { filters: [{ name, typedConfig: manager }] };
}
