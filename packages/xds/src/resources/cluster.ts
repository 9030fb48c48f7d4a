import type { Protocol } from '@meshkeeper/mesh';
import { pack } from '../codec/any.ts';
import { duration } from '../codec/duration.ts';
import {
  ApiVersion,
  type Cluster,
  DiscoveryType,
  HttpProtocolOptions,
  LbPolicy,
} from '../codec/messages.ts';

/** Where a resource is fetched from: the stream that the referring one came by. */
export const ADS = { ads: {}, resourceApiVersion: ApiVersion.V3 };

/**
 * An instance that was killed stays registered until its session expires; meanwhile connections to
 * it are refused. Two in a row take it out for some seconds. What the application answers (5xx)
 * ejects nobody here, that is for a policy to ask. 80 % keeps the last one of any number in.
 */
const OUTLIER_DETECTION: Cluster['outlierDetection'] = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: { value: 2 },
  enforcingConsecutiveLocalOriginFailure: { value: 100 },
  enforcingLocalOriginSuccessRate: { value: 0 },
  enforcingConsecutive_5xx: { value: 0 },
  enforcingSuccessRate: { value: 0 },
  enforcingConsecutiveGatewayFailure: { value: 0 },
  interval: duration(1000),
  baseEjectionTime: duration(5000),
  maxEjectionTime: duration(30_000),
  maxEjectionPercent: { value: 80 },
};

/**
 * With half of the instances killed every second request is sent again: Envoy's three retries at a
 * time would let the others fail. As many as there may be requests.
 */
const CIRCUIT_BREAKERS: Cluster['circuitBreakers'] = {
  thresholds: [{ maxRetries: { value: 1024 } }],
};

const HTTP2_OPTIONS = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': pack(
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    HttpProtocolOptions,
    { explicitHttpConfig: { http2ProtocolOptions: {} } },
  ),
};

/** A service's cluster. It holds nothing of the endpoints: a change to those is EDS's alone. */
export function cluster(name: string, protocol: Protocol): Cluster {
  const http2 = protocol === 'http2' || protocol === 'grpc';
  return {
    name,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: ADS, serviceName: name },
    connectTimeout: duration(1000),
    lbPolicy: LbPolicy.ROUND_ROBIN,
    // The registry's removal is final, also for a host whose health checks still pass.
    ignoreHealthOnHostRemoval: true,
    commonLbConfig: {
      // Balance over all hosts only when none is fit; Envoy's 50 % would send half to dead ones.
      healthyPanicThreshold: { value: 1 },
      // Envoy puts an ejection off for up to a second when the endpoints have just changed.
      updateMergeWindow: duration(10),
    },
    circuitBreakers: CIRCUIT_BREAKERS,
    outlierDetection: OUTLIER_DETECTION,
    ...(http2 ? { typedExtensionProtocolOptions: HTTP2_OPTIONS } : {}),
  };
}

/** Whether requests to such a service are routed by host name. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}
