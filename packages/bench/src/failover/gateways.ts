import { join } from 'node:path';
import { component, startEnvoy } from '@meshkeeper/testbed';
import { runScript } from '../process/child.ts';

/** A data plane that runs. */
export interface Gateway extends AsyncDisposable {
  readonly name: 'meshkeeper' | 'envoy';
  readonly port: number;
}

/** The embedded proxy and, where there is one, an Envoy, by the control plane at a port. */
export async function startGateways(xds: number, signal: AbortSignal): Promise<Gateway[]> {
  const child = await runScript(
    join(import.meta.dirname, '../gateway/ours.ts'),
    [`${xds}`],
    signal,
  );
  const ours: Gateway = {
    ...{ name: 'meshkeeper', port: Number(child.said) },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
  if (!component('envoy').ok) return [ours];
  const envoy = await startEnvoy({ config: bootstrap(xds), logLevel: 'error', signal });
  const ports = await envoy.listenerPorts({ signal });
  const theirs: Gateway = {
    ...{ name: 'envoy', port: ports.gateway ?? 0 },
    [Symbol.asyncDispose]: () => envoy.close(),
  };
  return [ours, theirs];
}

function bootstrap(xds: number): Record<string, unknown> {
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const address = { socket_address: { address: '127.0.0.1', port_value: xds } };
  const http2 = {
    '@type': `type.googleapis.com/${options}`,
    explicit_http_config: { http2_protocol_options: {} },
  };
  const stage = {
    name: 'stage',
    load_assignment: {
      cluster_name: 'stage',
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
    typed_extension_protocol_options: { [options]: http2 },
  };
  return {
    node: { id: 'envoy', cluster: 'bench' },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'stage' } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [stage] },
  };
}
