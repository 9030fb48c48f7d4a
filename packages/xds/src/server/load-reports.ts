import {
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { duration, milliseconds } from '../codec/duration.ts';
import {
  type ClusterStats,
  LoadStatsRequest,
  LoadStatsResponse,
  type Node,
} from '../codec/messages.ts';
import type { LoadReport, RequestCounts } from './observer.ts';
import { bytesMethod } from './services.ts';

/** The one method of LRS. */
export const LOAD_PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';

/** LRS, as grpc-js takes it. */
export const LOAD_SERVICE: ServiceDefinition = {
  stream: bytesMethod(LOAD_PATH),
};

/** A client that says so needs no list of clusters. */
export const ALL_CLUSTERS = 'envoy.lrs.supports_send_all_clusters';

/** What clients are asked to report, and who is told. */
export interface LoadReportsOptions {
  /** Milliseconds between two reports. */
  readonly interval: number;
  /** The clusters that a node has. */
  readonly clusters: (node: Node) => readonly string[];
  readonly reported: (reports: readonly LoadReport[]) => void;
}

/** Asks every client for the load of all its clusters, endpoint by endpoint, and passes it on. */
export class LoadReports {
  readonly #options: LoadReportsOptions;
  readonly #calls = new Set<ServerDuplexStream<Buffer, Buffer>>();

  constructor(options: LoadReportsOptions) {
    this.#options = options;
  }

  /** The service's handlers. */
  handlers(): UntypedServiceImplementation {
    return { stream: (call: ServerDuplexStream<Buffer, Buffer>) => this.#accept(call) };
  }

  /** Ends all streams. */
  end(): void {
    for (const call of this.#calls)
      call.emit('error', { code: status.UNAVAILABLE, details: 'The server is going away' });
  }

  #accept(call: ServerDuplexStream<Buffer, Buffer>): void {
    this.#calls.add(call);
    let node: Node | undefined;
    call.on('data', (bytes: Buffer) => {
      try {
        const request = LoadStatsRequest.decode(bytes);
        const { id } = node ?? request.node ?? {};
        // The first request asks what to report; it reports nothing yet.
        if (node === undefined) {
          node = request.node ?? {};
          call.write(this.#wanted(node));
        } else this.#options.reported(loadReports(id ?? '', request.clusterStats ?? []));
      } catch (error) {
        const details = error instanceof Error ? error.message : String(error);
        call.emit('error', { code: status.INVALID_ARGUMENT, details });
      }
    });
    call.on('end', () => call.end());
    for (const event of ['close', 'cancelled', 'error'])
      call.on(event, () => this.#calls.delete(call));
  }

  #wanted(node: Node): Buffer {
    const sendAllClusters = node.clientFeatures?.includes(ALL_CLUSTERS) ?? false;
    const clusters = sendAllClusters ? [] : [...this.#options.clusters(node)];
    const response = {
      ...{ clusters, sendAllClusters, reportEndpointGranularity: true },
      loadReportingInterval: duration(this.#options.interval),
    };
    return Buffer.from(LoadStatsResponse.encode(response).finish());
  }
}

/** What a client's message says, in our words. */
export function loadReports(proxy: string, stats: readonly ClusterStats[]): LoadReport[] {
  return stats.map((cluster) => ({
    proxy,
    cluster: cluster.clusterName ?? '',
    interval: milliseconds(cluster.loadReportInterval) ?? 0,
    dropped: Number(cluster.totalDroppedRequests ?? 0),
    localities: (cluster.upstreamLocalityStats ?? []).map((each) => {
      const { region, zone, subZone } = each.locality ?? {};
      const endpoints = (each.upstreamEndpointStats ?? []).map((endpoint) => {
        const { address, portValue } = endpoint.address?.socketAddress ?? {};
        return { address: address ?? '', port: portValue ?? 0, ...counts(endpoint) };
      });
      return {
        locality: { region: region ?? '', zone: zone ?? '', subzone: subZone ?? '' },
        priority: each.priority ?? 0,
        ...counts(each),
        endpoints,
      };
    }),
  }));
}

function counts(stats: {
  readonly totalIssuedRequests?: number | null;
  readonly totalSuccessfulRequests?: number | null;
  readonly totalErrorRequests?: number | null;
  readonly totalRequestsInProgress?: number | null;
}): RequestCounts {
  // 64 bits are decoded as objects of a type of their own where that is installed.
  return {
    issued: Number(stats.totalIssuedRequests ?? 0),
    succeeded: Number(stats.totalSuccessfulRequests ?? 0),
    failed: Number(stats.totalErrorRequests ?? 0),
    inProgress: Number(stats.totalRequestsInProgress ?? 0),
  };
}
