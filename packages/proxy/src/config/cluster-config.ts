import {
  type Cluster,
  DiscoveryType,
  HttpProtocolOptions,
  LbPolicy,
  milliseconds,
} from '@meshkeeper/xds';
import { type Assignment, parseAssignment } from './assignment.ts';
import type { Problems } from './problems.ts';

/** When an endpoint that fails is left aside. Times in milliseconds. */
export interface OutlierConfig {
  /** Failed connections in a row. */
  readonly connectFailures: number;
  /** Responses of 5xx in a row; 0 is never. */
  readonly serverErrors: number;
  readonly baseEjection: number;
  readonly maxEjection: number;
  /** Of the cluster's endpoints, in percent; one is always allowed, all never. */
  readonly maxEjectedPercent: number;
}

/** A cluster, as far as the proxy knows clusters. Times in milliseconds. */
export interface ClusterConfig {
  readonly name: string;
  /** The name of its assignment in EDS, or the assignment itself. */
  readonly endpoints: string | Assignment;
  readonly connectTimeout: number;
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  /** How long an idle connection is kept. */
  readonly keepAlive: number;
  /**
   * Its endpoints want HTTP/2, which the proxy does not speak. Such a cluster is taken, and its
   * requests are refused: a rejection would hold back the clusters that come with it.
   */
  readonly http2: boolean;
  /** Below this share of fit endpoints, in percent, all of them are used (Envoy's panic). */
  readonly panicThreshold: number;
  readonly outlier: OutlierConfig;
}

/**
 * Without outlier detection a refused connection keeps an endpoint aside for a second, then two,
 * at most thirty: enough not to pay for it with every request.
 */
const CONNECT_ONLY: OutlierConfig = {
  connectFailures: 1,
  serverErrors: 0,
  baseEjection: 1_000,
  maxEjection: 30_000,
  maxEjectedPercent: 100,
};

const POLICIES: ReadonlySet<number> = new Set([
  LbPolicy.ROUND_ROBIN,
  LbPolicy.LEAST_REQUEST,
  LbPolicy.RANDOM,
]);

/** `config.cluster.v3.Cluster`, of type EDS or STATIC. */
export function parseCluster(message: Cluster, problems: Problems): ClusterConfig {
  problems.unsupported('transport_socket', message.transportSocket);
  problems.unsupported('lb_subset_config', message.lbSubsetConfig);
  if (!message.loadBalancingPolicy && !POLICIES.has(message.lbPolicy ?? LbPolicy.ROUND_ROBIN)) {
    problems.add('lb_policy', 'the embedded proxy has ROUND_ROBIN, LEAST_REQUEST and RANDOM');
  }
  const limits = message.circuitBreakers?.thresholds?.find(({ priority }) => !priority);
  return {
    name: message.name ?? '',
    endpoints: endpointsOf(message, problems),
    connectTimeout: milliseconds(message.connectTimeout) ?? 1_000,
    maxConnections: limits?.maxConnections?.value ?? 1024,
    maxPending: limits?.maxPendingRequests?.value ?? 1024,
    maxRequests: limits?.maxRequests?.value ?? 1024,
    maxRetries: limits?.maxRetries?.value ?? 1024,
    keepAlive: 60_000,
    http2: Object.values(message.typedExtensionProtocolOptions ?? {}).some(({ value }) => {
      const options = HttpProtocolOptions.decode(value ?? new Uint8Array());
      return Boolean(options.explicitHttpConfig?.http2ProtocolOptions);
    }),
    panicThreshold: message.commonLbConfig?.healthyPanicThreshold?.value ?? 50,
    outlier: outlierOf(message),
  };
}

function endpointsOf(message: Cluster, problems: Problems): string | Assignment {
  const type = message.type ?? DiscoveryType.STATIC;
  if (type === DiscoveryType.EDS) {
    return message.edsClusterConfig?.serviceName || (message.name ?? '');
  }
  if (type !== DiscoveryType.STATIC) {
    problems.add('type', 'the embedded proxy takes EDS and STATIC clusters');
  }
  return parseAssignment(message.loadAssignment ?? {}, problems.at('load_assignment'));
}

function outlierOf({ outlierDetection: message }: Cluster): OutlierConfig {
  if (!message) return CONNECT_ONLY;
  const serverErrors = message.consecutive_5xx?.value ?? 5;
  const enforced = message.enforcingConsecutive_5xx?.value !== 0;
  const split = message.splitExternalLocalOriginErrors === true;
  const failures = split ? (message.consecutiveLocalOriginFailure?.value ?? 5) : serverErrors;
  const base = milliseconds(message.baseEjectionTime) ?? 30_000;
  return {
    connectFailures: Math.max(1, failures),
    serverErrors: enforced ? serverErrors : 0,
    baseEjection: base,
    maxEjection: Math.max(base, milliseconds(message.maxEjectionTime) ?? 300_000),
    maxEjectedPercent: message.maxEjectionPercent?.value ?? 10,
  };
}
