import { type Cluster, DiscoveryType, duration } from '@meshkeeper/xds';

/** How it is noticed that an instance is gone; the others are off. */
export type Signal = 'heartbeat' | 'check' | 'ejection';

/** What a {@link Signal} is set to. */
export const SIGNALS: Readonly<
  Record<Signal, { readonly title: string; readonly rounds: number }>
> = {
  heartbeat: { title: 'heartbeat, a session of 4 s', rounds: 3 },
  check: { title: 'check every second, 2 in a row', rounds: 5 },
  ejection: { title: 'ejection, 2 in a row', rounds: 5 },
};

/** Milliseconds that ZooKeeper waits for a client's sign of life. */
export const SESSION = 4_000;

const HEALTH_CHECK: NonNullable<Cluster['healthChecks']>[number] = {
  ...{ timeout: duration(500), interval: duration(1_000) },
  // As the control plane has it: without, a cluster that was idle is checked once in a minute.
  noTrafficInterval: duration(1_000),
  ...{ unhealthyThreshold: { value: 2 }, healthyThreshold: { value: 1 } },
  httpHealthCheck: { path: '/' },
};

/** As the control plane has it by default, but that nobody returns while it is measured. */
const OUTLIER_DETECTION: Cluster['outlierDetection'] = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: { value: 2 },
  enforcingConsecutiveLocalOriginFailure: { value: 100 },
  interval: duration(1_000),
  baseEjectionTime: duration(60_000),
  maxEjectionPercent: { value: 80 },
};

/** The cluster in which the signal is the only one. */
export function clusterOf(signal: Signal): Cluster {
  return {
    name: signal,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 2 }, serviceName: signal },
    connectTimeout: duration(1_000),
    ignoreHealthOnHostRemoval: true,
    // Envoy puts an ejection off for up to a second when the endpoints have just changed.
    commonLbConfig: { healthyPanicThreshold: { value: 1 }, updateMergeWindow: duration(10) },
    circuitBreakers: { thresholds: [{ maxRetries: { value: 1024 } }] },
    ...(signal === 'check' && { healthChecks: [HEALTH_CHECK] }),
    ...(signal === 'ejection' && { outlierDetection: OUTLIER_DETECTION }),
  };
}
