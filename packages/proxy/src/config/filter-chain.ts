import type { Any, FilterChain as Message } from '@meshkeeper/xds';
import { type DownstreamTls, parseDownstreamTls } from './downstream-tls.ts';
import { type HttpManager, parseHttpManager } from './http-manager.ts';
import type { Problems } from './problems.ts';
import { parseTcpProxy, type TcpProxyConfig } from './tcp-proxy-config.ts';

/** What is done with connections. */
export interface FilterChain {
  /** Tells it from the others of its listener, from one version to the next. */
  readonly name: string;
  /** Undefined: connections come as they are. */
  readonly tls: DownstreamTls | undefined;
  readonly network: HttpManager | TcpProxyConfig;
}

/** Which connections a chain is for. */
export interface ChainMatch {
  /** Names that the client asks for by TLS, lower case; may begin with `*.`. Empty: any, or none. */
  readonly serverNames: readonly string[];
  /** Undefined: either. */
  readonly transport: 'tls' | 'raw' | undefined;
}

const NETWORK = 'type.googleapis.com/envoy.extensions.filters.network.';
const MANAGER = `${NETWORK}http_connection_manager.v3.HttpConnectionManager`;
const TCP_PROXY = `${NETWORK}tcp_proxy.v3.TcpProxy`;

/** `config.listener.v3.FilterChain`; undefined when it has problems. */
export function parseFilterChain(
  message: Message,
  name: string,
  problems: Problems,
): FilterChain | undefined {
  const filters = message.filters ?? [];
  const network = parseNetwork(filters[0]?.typedConfig, problems.at('filters[0].typed_config'));
  if (filters.length > 1) {
    problems.add('filters[1]', 'the embedded proxy takes one filter, HTTP or TCP');
  }
  const { transportSocket } = message;
  const tls = transportSocket
    ? parseDownstreamTls(transportSocket.typedConfig, problems.at('transport_socket.typed_config'))
    : undefined;
  return network && { name: message.name || name, tls, network };
}

function parseNetwork(
  any: Any | null | undefined,
  problems: Problems,
): HttpManager | TcpProxyConfig | undefined {
  const value = any?.value ?? new Uint8Array();
  try {
    if (any?.type_url === MANAGER) return parseHttpManager(value, problems);
    if (any?.type_url === TCP_PROXY) return parseTcpProxy(value, problems);
  } catch {
    problems.add('', 'is not a valid message of its type');
    return undefined;
  }
  problems.add('', `the embedded proxy has no ${any?.type_url ?? 'such filter'}`);
  return undefined;
}

/** `config.listener.v3.FilterChainMatch`. */
export function parseChainMatch(
  message: Message['filterChainMatch'],
  problems: Problems,
): ChainMatch {
  problems.unsupported('destination_port', message?.destinationPort);
  problems.unsupported('prefix_ranges', message?.prefixRanges);
  problems.unsupported('address_suffix', message?.addressSuffix);
  problems.unsupported('source_type', message?.sourceType || undefined);
  problems.unsupported('source_prefix_ranges', message?.sourcePrefixRanges);
  problems.unsupported('direct_source_prefix_ranges', message?.directSourcePrefixRanges);
  problems.unsupported('source_ports', message?.sourcePorts);
  problems.unsupported('application_protocols', message?.applicationProtocols);
  const transport = message?.transportProtocol || undefined;
  if (transport !== undefined && transport !== 'tls' && transport !== 'raw_buffer') {
    problems.add('transport_protocol', 'the embedded proxy knows tls and raw_buffer');
  }
  return {
    serverNames: (message?.serverNames ?? []).map((name) => name.toLowerCase()),
    transport: transport === 'tls' ? 'tls' : transport === undefined ? undefined : 'raw',
  };
}
