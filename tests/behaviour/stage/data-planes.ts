import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import type { Locality } from '@meshkeeper/mesh';
import { startProxy } from '@meshkeeper/proxy';
import { freePorts, startEnvoy } from '@meshkeeper/testbed';
import {
  type BootstrapNode,
  CERTIFICATES_KEY,
  envoyBootstrap,
  grpcBootstrap,
  type HostPort,
} from '@meshkeeper/xds';

/** What a data plane is told when it starts. */
export interface DataPlaneOptions {
  readonly xds: HostPort;
  /** The service that it runs beside, or the gateway that it is. Default `test`. */
  readonly service?: string;
  readonly locality?: Partial<Locality>;
  /** The folder of its certificates. */
  readonly certificates?: string;
}

/** Something that requests go through. */
export interface DataPlane extends AsyncDisposable {
  /** Where callers inside the mesh send requests, a port of 127.0.0.1; undefined of who is inside them. */
  readonly outbound: number | undefined;
  /** Where requests come in from outside, while no policy says otherwise; its address keeps. */
  readonly gateway: { readonly host: string; readonly port: number } | undefined;
  /** What a gRPC channel to a service is opened with. */
  channel(service: string): readonly [target: string, options: Readonly<Record<string, string>>];
}

const LOOPBACK = '127.0.0.1';
/** Not that of Envoy's: of both a gateway takes the port that a policy says. */
const OTHER_LOOPBACK = '127.0.0.2';

/** The data planes that there are, by name. */
export const DATA_PLANES = {
  Envoy: envoy,
  'the embedded proxy': embedded,
  gRPC: grpc,
} as const satisfies Readonly<Record<string, (options: DataPlaneOptions) => Promise<DataPlane>>>;

/** The name of a data plane. */
export type DataPlaneName = keyof typeof DATA_PLANES;

async function envoy(options: DataPlaneOptions): Promise<DataPlane> {
  const { xds, certificates } = options;
  const [gateway, outbound] = await freePorts(2);
  const bootstrap = envoyBootstrap({
    xds,
    node: node('envoy', options),
    gateway: `${LOOPBACK}:${gateway}`,
    outbound: `${LOOPBACK}:${outbound}`,
    ...(certificates !== undefined && { certificates }),
  });
  const running = await startEnvoy({ config: bootstrap, logLevel: 'warning' });
  return {
    outbound,
    gateway: { host: LOOPBACK, port: gateway! },
    channel: (service) => through(outbound!, service),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

async function embedded(options: DataPlaneOptions): Promise<DataPlane> {
  const { xds, certificates, locality = {} } = options;
  const { id, cluster } = node('embedded', options);
  const proxy = await startProxy({
    xds: { address: xds, backoff: { base: 20, max: 50 } },
    node: {
      id,
      cluster,
      locality,
      ...(certificates !== undefined && { metadata: { [CERTIFICATES_KEY]: certificates } }),
    },
    listeners: {
      gateway: { host: OTHER_LOOPBACK, port: 0 },
      outbound: { host: LOOPBACK, port: 0 },
    },
  });
  const outbound = proxy.listeners.get('outbound')?.port;
  return {
    outbound,
    gateway: { host: OTHER_LOOPBACK, port: proxy.listeners.get('gateway')!.port },
    channel: (service) => through(outbound!, service),
    [Symbol.asyncDispose]: () => proxy.close({ drainTimeout: 0 }),
  };
}

/** gRPC's own client: it has one control plane in a process, and reads its bootstrap once. */
async function grpc(options: DataPlaneOptions): Promise<DataPlane> {
  const bootstrap = grpcBootstrap({ xds: options.xds, node: node('grpc', options) });
  process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify(bootstrap);
  // It says of every service that is gone that it does not believe it.
  setLogVerbosity(logVerbosity.NONE);
  register();
  return {
    outbound: undefined,
    gateway: undefined,
    channel: (service) => [`xds:///${service}`, {}],
    async [Symbol.asyncDispose]() {},
  };
}

function node(id: string, options: DataPlaneOptions): BootstrapNode {
  const { service = 'test', locality } = options;
  return { id, cluster: service, ...(locality !== undefined && { locality }) };
}

function through(port: number, service: string) {
  return [`${LOOPBACK}:${port}`, { 'grpc.default_authority': service }] as const;
}
