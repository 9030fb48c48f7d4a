import { type HostPort, parseHostPort } from './host-port.ts';
import { LISTENER_KEYS } from './scope.ts';

/** What an Envoy must know before it can ask for the rest. */
export interface EnvoyBootstrapOptions {
  /** The control plane; a host name is resolved by Envoy. */
  readonly xds: HostPort;
  readonly node: {
    /** Unique among the proxies. */
    readonly id: string;
    /** The service that it runs beside, or what else it is for. */
    readonly cluster: string;
    readonly zone?: string;
  };
  /** `ip:port` of a gateway listener. */
  readonly gateway?: string;
  /** `ip:port` of an outbound listener. Without it and without `gateway`: a gateway on 127.0.0.1:7080. */
  readonly outbound?: string;
  /** `ip:port` of Envoy's administration interface. Default: none. */
  readonly admin?: string;
  /** Incremental (default), or the state of the world. */
  readonly apiType?: 'DELTA_GRPC' | 'GRPC';
}

/**
 * The bootstrap of an Envoy that gets everything by ADS: an object that JSON makes a file of.
 *
 * @throws RangeError when `admin` is not an address and a port.
 */
export function envoyBootstrap(options: EnvoyBootstrapOptions): Record<string, unknown> {
  const { xds, node, gateway, outbound, admin, apiType = 'DELTA_GRPC' } = options;
  const metadata = {
    ...(gateway === undefined ? {} : { [LISTENER_KEYS.gateway]: gateway }),
    ...(outbound === undefined ? {} : { [LISTENER_KEYS.outbound]: outbound }),
  };
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  return {
    node: {
      id: node.id,
      cluster: node.cluster,
      ...(node.zone === undefined ? {} : { locality: { zone: node.zone } }),
      metadata,
    },
    ...(admin === undefined ? {} : { admin: { address: socketAddress(admin) } }),
    dynamic_resources: {
      ads_config: {
        api_type: apiType,
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'meshkeeper' } }],
        set_node_on_first_message_only: true,
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [controlPlane(xds)] },
  };
}

function controlPlane({ host, port }: HostPort): Record<string, unknown> {
  const endpoint = { address: { socket_address: { address: host, port_value: port } } };
  const keepalive = { interval: '30s', timeout: '5s' };
  return {
    name: 'meshkeeper',
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'meshkeeper',
      endpoints: [{ lb_endpoints: [{ endpoint }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: { connection_keepalive: keepalive } },
      },
    },
  };
}

function socketAddress(text: string): Record<string, unknown> {
  const at = parseHostPort(text);
  if (at === undefined) throw new RangeError(`Expected address:port, got ${text}`);
  return { socket_address: { address: at.host, port_value: at.port } };
}
