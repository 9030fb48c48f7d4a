import type {
  GatewayListener,
  GatewaySettings,
  ListenerTls,
  Policies,
  WeightedTarget,
} from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import {
  DownstreamTlsContext,
  type FilterChain,
  type Listener,
  TcpProxy,
  TlsInspector,
  TrafficDirection,
  TrustChainVerification,
} from '../../codec/messages.ts';
import { clusterName, NOWHERE } from '../endpoint/parts.ts';
import { httpManager } from './http-manager.ts';
import { httpChain, listenerAt } from './listener.ts';

/** The name of what serves a gateway's port, and of its routes. */
export function gatewayPortName({ name }: GatewaySettings, port: number): string {
  return `gateway/${name}/${port}`;
}

/** The name of the routes of a listener: those of one port share theirs, but with TLS each has its own. */
function gatewayRoutesName(gateway: GatewaySettings, listener: GatewayListener): string {
  const port = gatewayPortName(gateway, listener.port);
  return listener.protocol === 'https' ? `${port}/${listener.name}` : port;
}

/** The listeners of a gateway that route HTTP, by the name of their routes. */
export function gatewayRoutes(
  gateway: GatewaySettings,
): ReadonlyMap<string, readonly GatewayListener[]> {
  const http = gateway.listeners.filter(({ protocol }) => protocol.startsWith('http'));
  return Map.groupBy(http, (listener) => gatewayRoutesName(gateway, listener));
}

/** Where a data plane finds the certificates that policies name. */
export interface CertificateFiles {
  /** A folder with a folder for each, in which are `tls.crt`, `tls.key`, and `ca.crt` of authorities. */
  readonly certificates: string;
}

/** The listeners of a gateway at that address, one a port. */
export function gatewayListeners(
  gateway: GatewaySettings,
  host: string,
  files: CertificateFiles,
  policies: Policies,
): Listener[] {
  // Who has no certificate to show can serve nobody, and would take all of its port along.
  const able = gateway.listeners.filter(
    ({ tls }) => tls?.mode !== 'terminate' || tls.certificates.length > 0,
  );
  const ports = Map.groupBy(able, ({ port }) => port);
  return [...ports].map(([port, listeners]) => {
    const name = gatewayPortName(gateway, port);
    const chains = chainsOf(gateway, listeners, files, policies);
    const listener = listenerAt(name, { host, port }, TrafficDirection.INBOUND, chains);
    if (!listeners.some(({ protocol }) => protocol === 'https' || protocol === 'tls'))
      return listener;
    return { ...listener, listenerFilters: [TLS_INSPECTOR] };
  });
}

const TLS_INSPECTOR = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: pack(
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
    TlsInspector,
    {},
  ),
};

function chainsOf(
  gateway: GatewaySettings,
  listeners: readonly GatewayListener[],
  files: CertificateFiles,
  policies: Policies,
): FilterChain[] {
  const chains: FilterChain[] = [];
  for (const listener of listeners) {
    const { protocol, tls, tcp = [] } = listener;
    const routes = gatewayRoutesName(gateway, listener);
    // Listeners of HTTP at one port are told apart by the requests' hosts.
    if (protocol === 'http' && chains.length > 0) continue;
    const isHttp = protocol === 'http' || protocol === 'https';
    const base = isHttp
      ? httpChain(httpManager({ routes, statPrefix: routes, edge: true }))
      : {
          filters: [
            {
              name: 'envoy.filters.network.tcp_proxy',
              typedConfig: tcpProxy(routes, tcp, policies),
            },
          ],
        };
    chains.push({ ...base, ...(tls === undefined ? {} : encrypted(listener, tls, files)) });
  }
  return chains;
}

function encrypted(
  { hostname, name, protocol }: GatewayListener,
  tls: ListenerTls,
  files: CertificateFiles,
): Partial<FilterChain> {
  const match = {
    ...(hostname === undefined ? {} : { serverNames: [hostname] }),
    transportProtocol: 'tls',
  };
  if (tls.mode === 'passthrough') return { name, filterChainMatch: match };
  return {
    name,
    filterChainMatch: match,
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      typedConfig: pack(
        'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        DownstreamTlsContext,
        tlsContext(tls, files, protocol === 'https'),
      ),
    },
  };
}

function tlsContext(
  { certificates, clients }: ListenerTls,
  files: CertificateFiles,
  http: boolean,
): DownstreamTlsContext {
  const file = (name: string, part: string) => ({
    filename: `${files.certificates}/${name}/${part}`,
  });
  const authority = clients?.authorities[0];
  const { ACCEPT_UNTRUSTED: trustChainVerification } = TrustChainVerification;
  const untrusted = clients?.optional ? { trustChainVerification } : {};
  return {
    commonTlsContext: {
      alpnProtocols: http ? ['h2', 'http/1.1'] : [],
      tlsCertificates: certificates.map((name) => ({
        certificateChain: file(name, 'tls.crt'),
        privateKey: file(name, 'tls.key'),
      })),
      ...(authority === undefined
        ? {}
        : { validationContext: { trustedCa: file(authority, 'ca.crt'), ...untrusted } }),
    },
    ...(clients === undefined ? {} : { requireClientCertificate: { value: !clients.optional } }),
  };
}

function tcpProxy(statPrefix: string, targets: readonly WeightedTarget[], policies: Policies) {
  const shares = targets.filter(({ weight }) => weight > 0);
  const [only] = shares;
  const idle = only && policies.settings(only.service)?.timeouts.idle;
  const clusters = shares.map((target) => ({ name: clusterName(target), weight: target.weight }));
  return pack('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', TcpProxy, {
    statPrefix,
    // Nothing was sent yet: another endpoint may be tried.
    maxConnectAttempts: { value: 3 },
    ...(idle === undefined ? {} : { idleTimeout: duration(idle) }),
    // A cluster that there isn't: connections are closed at once.
    ...(clusters.length > 1
      ? { weightedClusters: { clusters } }
      : { cluster: only === undefined ? NOWHERE : clusterName(only) }),
  });
}
