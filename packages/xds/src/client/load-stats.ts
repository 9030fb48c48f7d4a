import { duration } from '../codec/duration.ts';
import type { ClusterStats, LoadStatsResponse } from '../codec/messages.ts';
import type { LoadReport, RequestCounts } from '../server/observer.ts';

/** What a data plane has sent to a cluster since it was asked last. */
export type ClusterUsage = Omit<LoadReport, 'proxy' | 'interval'>;

/** What the control plane asks for, of all that there is, as it wants to be told it. Pure. */
export function loadStats(
  usages: readonly ClusterUsage[],
  wanted: LoadStatsResponse,
  interval: number,
): ClusterStats[] {
  const clusters = new Set(wanted.clusters);
  return usages
    .filter(({ cluster }) => wanted.sendAllClusters || clusters.has(cluster))
    .map(({ cluster, dropped, localities }) => ({
      clusterName: cluster,
      totalDroppedRequests: dropped,
      loadReportInterval: duration(interval),
      upstreamLocalityStats: localities.map((each) => ({
        locality: { ...each.locality, subZone: each.locality.subzone },
        priority: each.priority,
        ...totals(each),
        upstreamEndpointStats: wanted.reportEndpointGranularity
          ? each.endpoints.map(({ address, port: portValue, ...counts }) => ({
              address: { socketAddress: { address, portValue } },
              ...totals(counts),
            }))
          : [],
      })),
    }));
}

function totals({ issued, succeeded, failed, inProgress }: RequestCounts) {
  return {
    totalIssuedRequests: issued,
    totalSuccessfulRequests: succeeded,
    totalErrorRequests: failed,
    totalRequestsInProgress: inProgress,
  };
}
