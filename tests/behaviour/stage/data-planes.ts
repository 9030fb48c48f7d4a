import type { Locality } from '@meshkeeper/mesh';
import { startProxy } from '@meshkeeper/proxy';
import { freePorts, startEnvoy } from '@meshkeeper/testbed';
import {
  type BootstrapNode,
  CERTIFICATES_KEY,
  envoyBootstrap,
  type HostPort,
} from '@meshkeeper/xds';
import { Caller, type Calls } from './ask.ts';
import { GrpcClient } from './grpc-client.ts';

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
  /** A way to call a service by gRPC. */
  caller(service: string): Calls;
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
    caller: (service) => through(outbound!, service),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

async function embedded(options: DataPlaneOptions): Promise<DataPlane> {
  const { xds, certificates, locality = {} } = options;
  const { id, cluster } = node('embedded', options);
  const [port] = await freePorts(1);
  // Stated as it is by an operator, so that a policy can take its place.
  const gateway = { host: OTHER_LOOPBACK, port: port! };
  const proxy = await startProxy({
    xds: { address: xds, backoff: { base: 20, max: 50 } },
    node: {
      id,
      cluster,
      locality,
      ...(certificates !== undefined && { metadata: { [CERTIFICATES_KEY]: certificates } }),
    },
    listeners: {
      gateway,
      outbound: { host: LOOPBACK, port: 0 },
    },
  });
  const outbound = proxy.listeners.get('outbound')?.port;
  return {
    outbound,
    gateway,
    caller: (service) => through(outbound!, service),
    [Symbol.asyncDispose]: () => proxy.close({ drainTimeout: 0 }),
  };
}

async function grpc(options: DataPlaneOptions): Promise<DataPlane> {
  const client = new GrpcClient({ xds: options.xds, node: node('grpc', options) });
  return {
    outbound: undefined,
    gateway: undefined,
    caller: (service) => client.to(service),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function node(id: string, options: DataPlaneOptions): BootstrapNode {
  const { service = 'test', locality } = options;
  return { id, cluster: service, ...(locality !== undefined && { locality }) };
}

function through(port: number, service: string): Caller {
  return new Caller([`${LOOPBACK}:${port}`, { 'grpc.default_authority': service }]);
}
