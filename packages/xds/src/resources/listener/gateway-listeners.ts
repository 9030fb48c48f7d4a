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
import type { HostPort } from '../host-port.ts';
import { httpManager } from './http-manager.ts';
import { httpChain, listenerAt } from './listener.ts';

/** A listener, and whose it is. */
interface Owned {
  readonly gateway: GatewaySettings;
  readonly listener: GatewayListener;
}

/** The name of the routes of a listener: those of one port share theirs, but with TLS each has its own. */
function routesName({ gateway, listener: { name, port, protocol } }: Owned): string {
  const all = `gateway/${gateway.name}/${port}`;
  return protocol === 'https' ? `${all}/${name}` : all;
}

/** The name of the routes of all gateways that have HTTP at a port. */
function sharedRoutesName(port: number): string {
  return `gateway/${port}`;
}

function owned(gateways: readonly GatewaySettings[]): Owned[] {
  return gateways.flatMap((gateway) =>
    gateway.listeners.map((listener) => ({ gateway, listener })),
  );
}

/**
 * The listeners that route HTTP, by the name of their routes; where several gateways have some at one
 * port also those of all of them together, for who serves them all.
 */
export function gatewayRoutes(
  gateways: readonly GatewaySettings[],
): ReadonlyMap<string, readonly GatewayListener[]> {
  const http = owned(gateways).filter(({ listener }) => listener.protocol.startsWith('http'));
  const named = Map.groupBy(http, routesName);
  const plain = http.filter(({ listener }) => listener.protocol === 'http');
  for (const [port, all] of Map.groupBy(plain, ({ listener }) => listener.port))
    if (areSeveral(all)) named.set(sharedRoutesName(port), all);
  return new Map([...named].map(([name, all]) => [name, all.map(({ listener }) => listener)]));
}

function areSeveral(listeners: readonly Owned[]): boolean {
  return new Set(listeners.map(({ gateway }) => gateway)).size > 1;
}

/** Where a data plane finds the certificates that policies name. */
export interface CertificateFiles {
  /** A folder with a folder for each, in which are `tls.crt`, `tls.key`, and `ca.crt` of authorities. */
  readonly certificates: string;
}

/**
 * The listeners of gateways, one a port. They are called by their ports: what is called otherwise and
 * has the same address is rejected while the other is there, also when that is the one of a gateway
 * that is gone, or the one that there is without policies.
 * @param at the address of that; of others the port is another
 */
export function gatewayListeners(
  gateways: readonly GatewaySettings[],
  at: HostPort,
  files: CertificateFiles,
  policies: Policies,
): Listener[] {
  // Who has no certificate to show can serve nobody, and would take all of its port along.
  const able = owned(gateways).filter(
    ({ listener: { tls } }) => tls?.mode !== 'terminate' || tls.certificates.length > 0,
  );
  const ports = Map.groupBy(able, ({ listener }) => listener.port);
  return [...ports].map(([port, listeners]) => {
    const name = port === at.port ? 'gateway' : `gateway/${port}`;
    const chains = chainsOf(listeners, files, policies);
    const listener = listenerAt(name, { ...at, port }, TrafficDirection.INBOUND, chains);
    const isTls = listeners.some(({ listener: { protocol } }) => TLS.has(protocol));
    return isTls ? { ...listener, listenerFilters: [TLS_INSPECTOR] } : listener;
  });
}

const TLS: ReadonlySet<string> = new Set(['https', 'tls']);
const TLS_INSPECTOR = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: pack(
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
    TlsInspector,
    {},
  ),
};

function chainsOf(
  listeners: readonly Owned[],
  files: CertificateFiles,
  policies: Policies,
): FilterChain[] {
  const chains: FilterChain[] = [];
  for (const each of listeners) {
    const { protocol, port, tls, tcp = [] } = each.listener;
    // Listeners of HTTP at one port are told apart by the requests' hosts.
    if (protocol === 'http' && chains.length > 0) continue;
    const isShared = protocol === 'http' && areSeveral(listeners);
    const routes = isShared ? sharedRoutesName(port) : routesName(each);
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
    chains.push({ ...base, ...(tls === undefined ? {} : encrypted(each, tls, files)) });
  }
  return chains;
}

function encrypted(
  { gateway, listener: { hostname, name: own, protocol } }: Owned,
  tls: ListenerTls,
  files: CertificateFiles,
): Partial<FilterChain> {
  const name = `${gateway.name}/${own}`;
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
