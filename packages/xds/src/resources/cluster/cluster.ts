import type { EffectivePolicy, Endpoint, Service, ServiceSettings } from '@meshkeeper/mesh';
import { duration } from '../../codec/duration.ts';
import { ApiVersion, type Cluster, DiscoveryType } from '../../codec/messages.ts';
import type { Part } from '../endpoint/parts.ts';
import type { Flavour } from '../flavour.ts';
import { balancing } from './balancing.ts';
import { circuitBreakers } from './circuit-breakers.ts';
import { healthChecks } from './health-checks.ts';
import { outlierDetection } from './outlier-detection.ts';
import { protocolOptions } from './protocol-options.ts';

/** Where a resource is fetched from: the stream that the referring one came by. */
export const ADS = { ads: {}, resourceApiVersion: ApiVersion.V3 };

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly part: Part;
  readonly service: Service;
  readonly settings: ServiceSettings | undefined;
  /** What holds of it, whoever says so. */
  readonly policy: EffectivePolicy;
  readonly flavour: Flavour;
}

/**
 * The cluster of a service's part. It holds nothing of single endpoints: a change to those is EDS's
 * alone.
 */
export function cluster({ part, service, settings, policy, flavour }: ClusterOptions): Cluster {
  const { name } = part;
  const common: Cluster = {
    name,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: ADS, serviceName: name },
    circuitBreakers: circuitBreakers(settings, policy),
    outlierDetection: outlierDetection(settings),
    ...balancing(settings, warmUpOf(service, settings), flavour, policy),
  };
  // gRPC reads nothing else of it, and tells its load to whom it is told here.
  if (flavour === 'grpc')
    return { ...common, lrsServer: { self: {}, resourceApiVersion: ApiVersion.V3 } };
  const keepalive = settings?.connections?.tcpKeepalive;
  const checks = healthChecks(settings, part);
  return {
    ...common,
    connectTimeout: duration(settings?.timeouts.connect ?? 1000),
    // The registry's removal is final, also for a host whose health checks still pass.
    ignoreHealthOnHostRemoval: true,
    commonLbConfig: {
      // Balance over all hosts only when none is fit; Envoy's 50 % would send half to dead ones.
      healthyPanicThreshold: { value: settings?.panicThreshold ?? 1 },
      // Envoy puts an ejection off for up to a second when the endpoints have just changed.
      updateMergeWindow: duration(10),
    },
    ...(checks.length > 0 ? { healthChecks: checks } : {}),
    ...(keepalive === undefined
      ? {}
      : {
          upstreamConnectionOptions: {
            tcpKeepalive: {
              keepaliveProbes: { value: keepalive.probes },
              keepaliveTime: { value: Math.max(1, Math.round(keepalive.time / 1000)) },
              keepaliveInterval: { value: Math.max(1, Math.round(keepalive.interval / 1000)) },
            },
          },
        }),
    ...protocolOptions(part.protocol, settings),
  };
}

/** How long new endpoints warm up: as an operator says, else the longest that they say themselves. */
function warmUpOf(
  { endpoints }: Service,
  settings: ServiceSettings | undefined,
): ServiceSettings['warmUp'] {
  if (settings?.warmUp !== undefined) return settings.warmUp;
  const duration = endpoints.reduce(longest, 0);
  // As Dubbo's: from 1 of 100 on, in proportion to the time.
  return duration === 0 ? undefined : { duration, aggression: 1, minWeightPercent: 1 };
}

function longest(most: number, { warmup }: Endpoint): number {
  return Math.max(most, warmup?.duration ?? 0);
}
