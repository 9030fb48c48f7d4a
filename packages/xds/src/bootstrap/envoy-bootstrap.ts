import { isIP } from 'node:net';
import { type HostPort, parseHostPort } from '../resources/host-port.ts';
import { CERTIFICATES_KEY, LISTENER_KEYS } from '../resources/scope.ts';
import { type BootstrapOptions, type BootstrapTls, localityOf } from './bootstrap-options.ts';

/** What an Envoy must know before it can ask for the rest. */
export interface EnvoyBootstrapOptions extends BootstrapOptions {
  /** `ip:port` of a gateway listener. */
  readonly gateway?: string;
  /** `ip:port` of an outbound listener. Without it and without `gateway`: a gateway on 127.0.0.1:7080. */
  readonly outbound?: string;
  /** `ip:port` of Envoy's administration interface, which has no authentication. Default: none. */
  readonly admin?: string;
  /** The folder in which it has certificates that gateways show. Default: {@link DEFAULT_CERTIFICATES}. */
  readonly certificates?: string;
  /** Incremental (default), or the state of the world. */
  readonly apiType?: 'DELTA_GRPC' | 'GRPC';
}

/** Name of the control plane's cluster at the data plane. */
const CLUSTER = 'meshkeeper';
/** Name of what zone-aware routing compares with: the caller's own service. */
const LOCAL_CLUSTER = 'meshkeeper.local';
/**
 * What Envoy has as settings of its own. It takes no regular expression of more than 100 steps else,
 * which a path of 100 characters has: policies may hold such, and are checked.
 */
const RUNTIME = { 're2.max_program_size.error_level': 1_000_000 };
const GRPC_SERVICES = [{ envoy_grpc: { cluster_name: CLUSTER } }];

/**
 * The bootstrap of an Envoy that gets everything by ADS, and reports its load: an object that JSON
 * makes a file of.
 *
 * @throws RangeError when `admin` is not an address and a port.
 */
export function envoyBootstrap(options: EnvoyBootstrapOptions): Record<string, unknown> {
  const { xds, node, tls, gateway, outbound, admin, certificates } = options;
  const { apiType = 'DELTA_GRPC' } = options;
  const locality = localityOf(node);
  const metadata = {
    ...(gateway === undefined ? {} : { [LISTENER_KEYS.gateway]: gateway }),
    ...(outbound === undefined ? {} : { [LISTENER_KEYS.outbound]: outbound }),
    ...(certificates === undefined ? {} : { [CERTIFICATES_KEY]: certificates }),
  };
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  return {
    node: {
      id: node.id,
      cluster: node.cluster,
      ...(locality && { locality }),
      metadata,
    },
    ...(admin === undefined ? {} : { admin: { address: socketAddress(admin) } }),
    dynamic_resources: {
      ads_config: {
        api_type: apiType,
        transport_api_version: 'V3',
        grpc_services: GRPC_SERVICES,
        set_node_on_first_message_only: true,
      },
      cds_config: ads,
      lds_config: ads,
    },
    cluster_manager: {
      ...(outbound === undefined ? {} : { local_cluster_name: LOCAL_CLUSTER }),
      load_stats_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: GRPC_SERVICES,
      },
    },
    layered_runtime: {
      layers: [
        { name: 'meshkeeper', static_layer: RUNTIME },
        { name: 'admin', admin_layer: {} },
      ],
    },
    static_resources: {
      clusters: [
        controlPlane(xds, tls),
        ...(outbound === undefined ? [] : [localCluster(node.cluster)]),
      ],
    },
  };
}

/**
 * The instances of the service that it runs beside: where they are says how much of its zone's load is
 * its to send elsewhere. It doesn't wait long for those of a service that there is not.
 */
function localCluster(service: string): Record<string, unknown> {
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '2s' };
  return {
    name: LOCAL_CLUSTER,
    type: 'EDS',
    connect_timeout: '1s',
    eds_cluster_config: { service_name: service, eds_config: ads },
  };
}

function controlPlane(xds: HostPort, tls: BootstrapTls | undefined): Record<string, unknown> {
  const { host, port } = xds;
  const endpoint = { address: { socket_address: { address: host, port_value: port } } };
  const keepalive = { interval: '30s', timeout: '5s' };
  return {
    name: CLUSTER,
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: { connection_keepalive: keepalive } },
      },
    },
    ...(tls && { transport_socket: tlsSocket(tls, host) }),
  };
}

function tlsSocket(tls: BootstrapTls, host: string): Record<string, unknown> {
  const { ca, identity, serverName = host } = tls;
  const ip = isIP(serverName) !== 0;
  const certificates = identity && {
    tls_certificates: [
      {
        certificate_chain: { filename: identity.certificate },
        private_key: { filename: identity.key },
      },
    ],
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      // An address is no server name (RFC 6066).
      ...(!ip && { sni: serverName }),
      common_tls_context: {
        alpn_protocols: ['h2'],
        ...certificates,
        validation_context: {
          trusted_ca: { filename: ca },
          // Envoy takes any certificate of that CA, until it is told whose.
          match_typed_subject_alt_names: [
            { san_type: ip ? 'IP_ADDRESS' : 'DNS', matcher: { exact: serverName } },
          ],
        },
      },
    },
  };
}

function socketAddress(text: string): Record<string, unknown> {
  const at = parseHostPort(text);
  if (at === undefined) throw new RangeError(`Expected address:port, got ${text}`);
  return { socket_address: { address: at.host, port_value: at.port } };
}
