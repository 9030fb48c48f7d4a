import {
  ADD_ORDER,
  DiscoveryServer,
  duration,
  HttpConnectionManager,
  type Listener,
  type LocalityLbEndpoints,
  makeResource,
  pack,
  ResourceSet,
  type ResourceType,
  type RetryPolicy,
  Router,
  type VirtualHost,
} from '@meshkeeper/xds';
import { clusterOf, SIGNALS, type Signal } from './signals.ts';

/** Whether a request that meets an instance that is gone is tried again. */
export type Way = 'plain' | 'retried';

/** The host by which a signal's service is asked for. */
export function hostOf(signal: Signal, way: Way): string {
  return `${way}.${signal}.test`;
}

/** A condition that does not happen here: without any, the embedded proxy tries connections again. */
const PLAIN: RetryPolicy = { retryOn: 'retriable-4xx', numRetries: { value: 1 } };
const RETRIED: RetryPolicy = {
  retryOn: 'connect-failure,refused-stream,reset-before-request,reset',
  numRetries: { value: 3 },
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      typedConfig: {
        type_url:
          'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
      },
    },
  ],
  hostSelectionRetryMaxAttempts: 5,
  retryBackOff: { baseInterval: duration(10), maxInterval: duration(100) },
};
const WAYS: Readonly<Record<Way, RetryPolicy>> = { plain: PLAIN, retried: RETRIED };

const FILTERS = 'envoy.extensions.filters';

/** A control plane that says which instances each signal's cluster has. */
export class Stage implements AsyncDisposable {
  readonly #view: Readonly<Record<ResourceType, ResourceSet>>;
  readonly #server: DiscoveryServer;

  private constructor(view: Readonly<Record<ResourceType, ResourceSet>>, server: DiscoveryServer) {
    this.#view = view;
    this.#server = server;
  }

  static async start(): Promise<Stage> {
    // Every type is in the list.
    const view = Object.fromEntries(ADD_ORDER.map((type) => [type, new ResourceSet()])) as Record<
      ResourceType,
      ResourceSet
    >;
    for (const signal of Object.keys(SIGNALS) as Signal[]) {
      view.cluster.set(makeResource('cluster', signal, clusterOf(signal)));
      view.endpoint.set(assignment(signal, []));
    }
    view.listener.set(makeResource('listener', 'gateway', listener()));
    const observer = {
      nacked: ({ message }: { message: string }) => console.error('rejected:', message),
    };
    const listen = { host: '127.0.0.1', port: 0 };
    const server = await DiscoveryServer.start({ view: () => view }, { listen, observer });
    server.changed(new Map());
    return new Stage(view, server);
  }

  /** Where data planes connect to. */
  get port(): number {
    return this.#server.address.port;
  }

  /** The instances of a signal's cluster are those with these ports. */
  assign(signal: Signal, ports: readonly number[]): void {
    this.#view.endpoint.set(assignment(signal, ports));
    this.#server.changed(new Map([['endpoint', new Set([signal])]]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }
}

function assignment(signal: Signal, ports: readonly number[]) {
  const lbEndpoints = ports.map((portValue) => ({
    endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue } } },
  }));
  const endpoints = [{ lbEndpoints } as LocalityLbEndpoints];
  return makeResource('endpoint', signal, { clusterName: signal, endpoints });
}

function listener(): Listener {
  const virtualHosts = (Object.keys(SIGNALS) as Signal[]).flatMap((signal) =>
    (Object.entries(WAYS) as [Way, RetryPolicy][]).map(([way, retryPolicy]): VirtualHost => {
      const host = hostOf(signal, way);
      const routes = [{ match: { prefix: '/' }, route: { cluster: signal } }];
      return { name: host, domains: [host], routes, retryPolicy };
    }),
  );
  const router = pack(`${FILTERS}.http.router.v3.Router`, Router, {});
  const name = `${FILTERS}.network.http_connection_manager.v3.HttpConnectionManager`;
  const typedConfig = pack(name, HttpConnectionManager, {
    statPrefix: 'gateway',
    routeConfig: { name: 'all', virtualHosts },
    httpFilters: [{ name: 'router', typedConfig: router }],
  });
  const address = { socketAddress: { address: '127.0.0.1', portValue: 0 } };
  return { name: 'gateway', address, filterChains: [{ filters: [{ name: 'http', typedConfig }] }] };
}
