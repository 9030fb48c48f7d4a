import { startEnvoy } from '@meshkeeper/testbed';
import {
  ADD_ORDER,
  type Cluster,
  DiscoveryServer,
  DiscoveryType,
  type FilterChain,
  HttpConnectionManager,
  type Listener,
  makeResource,
  pack,
  ResourceSet,
  type ResourceType,
  Router,
  TcpProxy,
} from '@meshkeeper/xds';
import { type EmbeddedProxy, startProxy } from '../src/index.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

/** A control plane that serves whatever it is given. */
export interface Stage extends AsyncDisposable {
  readonly port: number;
  /** What data planes said of what they didn't take. */
  readonly nacks: string[];
  /** All data planes have judged all that they should have. */
  settled(): boolean;
  /** Serves a resource from now on. */
  put<T extends ResourceType>(
    type: T,
    message: Parameters<typeof makeResource<T>>[2] & { readonly name?: string | null },
  ): void;
}

/** Starts one. */
export async function startStage(): Promise<Stage> {
  const sets = Object.fromEntries(ADD_ORDER.map((type) => [type, new ResourceSet()]));
  // All kinds were listed.
  const view = sets as Record<ResourceType, ResourceSet>;
  const nacks: string[] = [];
  const server = await DiscoveryServer.start(
    { view: () => view },
    { listen: ANY_PORT, observer: { nacked: ({ message }) => nacks.push(message) } },
  );
  server.changed(new Map());
  return {
    port: server.address.port,
    nacks,
    settled: () =>
      server.proxies().every(({ types }) => types.every(({ state }) => state !== 'pending')),
    put(type, message) {
      const name = message.name ?? '';
      view[type].set(makeResource(type, name, message));
      server.changed(new Map([[type, new Set([name])]]));
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A data plane with the ports of its listeners. */
export interface Engine extends AsyncDisposable {
  readonly name: 'embedded' | 'envoy';
  port(listener: string): number;
}

/** Starts the embedded proxy on a stage. */
export async function startEmbedded(
  stage: Stage,
): Promise<Engine & { readonly proxy: EmbeddedProxy }> {
  const proxy = await startProxy({
    xds: { address: { host: '127.0.0.1', port: stage.port }, backoff: { base: 20, max: 50 } },
    node: { id: 'embedded', cluster: 'test' },
  });
  return {
    name: 'embedded',
    proxy,
    port: (listener) => proxy.listeners.get(listener)?.port ?? 0,
    [Symbol.asyncDispose]: () => proxy.close({ drainTimeout: 0 }),
  };
}

/** Starts a real Envoy on a stage. */
export async function startReal(stage: Stage): Promise<Engine> {
  const source = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  const http2 = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const address = { socket_address: { address: '127.0.0.1', port_value: stage.port } };
  const config = {
    node: { id: 'envoy', cluster: 'test' },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'stage' } }],
      },
      cds_config: source,
      lds_config: source,
    },
    static_resources: {
      clusters: [
        {
          name: 'stage',
          load_assignment: {
            cluster_name: 'stage',
            endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
          },
          typed_extension_protocol_options: {
            [http2]: {
              '@type': `type.googleapis.com/${http2}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  };
  const envoy = await startEnvoy({ config, logLevel: 'warning' });
  const ports = await envoy.listenerPorts();
  return {
    name: 'envoy',
    port: (listener) => ports[listener] ?? 0,
    [Symbol.asyncDispose]: () => envoy.close(),
  };
}

/** A cluster of fixed endpoints on loopback. */
export function staticCluster(name: string, ports: readonly number[], more: Cluster = {}): Cluster {
  const endpoint = (portValue: number) => ({
    endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue } } },
  });
  return {
    name,
    type: DiscoveryType.STATIC,
    connectTimeout: { seconds: 5 },
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: ports.map(endpoint) }] },
    ...more,
  };
}

const FILTERS = 'envoy.extensions.filters.network';

/** A filter chain with an HTTP connection manager, which ends in the router. */
export function httpChain(manager: HttpConnectionManager, chain: FilterChain = {}): FilterChain {
  const router = pack('envoy.extensions.filters.http.router.v3.Router', Router, {});
  const typedConfig = pack(
    `${FILTERS}.http_connection_manager.v3.HttpConnectionManager`,
    HttpConnectionManager,
    {
      statPrefix: 'test',
      ...manager,
      httpFilters: [...(manager.httpFilters ?? []), { name: 'router', typedConfig: router }],
    },
  );
  return { filters: [{ name: 'http', typedConfig }], ...chain };
}

/** A filter chain that passes connections on. */
export function tcpChain(proxy: TcpProxy, chain: FilterChain = {}): FilterChain {
  const typedConfig = pack(`${FILTERS}.tcp_proxy.v3.TcpProxy`, TcpProxy, {
    statPrefix: 'test',
    ...proxy,
  });
  return { filters: [{ name: 'tcp', typedConfig }], ...chain };
}

/** The way to a route configuration that is served by itself: its clusters need not exist. */
export function rds(routeConfigName: string): NonNullable<HttpConnectionManager['rds']> {
  return { configSource: { ads: {}, resourceApiVersion: 2 }, routeConfigName };
}

/** A listener on a free port of loopback. */
export function listener(name: string, filterChains: FilterChain[], more: Listener = {}): Listener {
  const address = { socketAddress: { address: '127.0.0.1', portValue: 0 } };
  return { name, address, filterChains, ...more };
}
