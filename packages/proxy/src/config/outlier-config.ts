import { type EjectionReason, OUTLIER, type OutlierOptions } from '@meshkeeper/mesh';
import { milliseconds, type OutlierDetection } from '@meshkeeper/xds';

/** When an endpoint that fails is left aside. */
export interface OutlierConfig {
  readonly options: OutlierOptions;
  /** An active health check that succeeds ends an ejection. */
  readonly endedByCheck: boolean;
}

/** `config.cluster.v3.OutlierDetection`; undefined without: nobody is ejected. */
export function parseOutlier(
  message: OutlierDetection | null | undefined,
): OutlierConfig | undefined {
  if (!message) return undefined;
  const count = (value: { readonly value?: number | null } | null | undefined, otherwise: number) =>
    value?.value ?? otherwise;
  const time = (value: Parameters<typeof milliseconds>[0], otherwise: number) =>
    milliseconds(value) ?? otherwise;
  const baseEjection = time(message.baseEjectionTime, OUTLIER.baseEjection);
  const enforcing: Record<EjectionReason, number> = {
    'consecutive-5xx': count(message.enforcingConsecutive_5xx, 100),
    'consecutive-gateway-failure': count(message.enforcingConsecutiveGatewayFailure, 0),
    'consecutive-local-origin-failure': count(message.enforcingConsecutiveLocalOriginFailure, 100),
    'success-rate': count(message.enforcingSuccessRate, 100),
    'local-origin-success-rate': count(message.enforcingLocalOriginSuccessRate, 100),
    'failure-percentage': count(message.enforcingFailurePercentage, 0),
    'local-origin-failure-percentage': count(message.enforcingFailurePercentageLocalOrigin, 0),
  };
  return {
    endedByCheck: message.successfulActiveHealthCheckUnejectHost?.value ?? true,
    options: {
      consecutive5xx: count(message.consecutive_5xx, OUTLIER.consecutive5xx),
      consecutiveGatewayFailure: count(
        message.consecutiveGatewayFailure,
        OUTLIER.consecutiveGatewayFailure,
      ),
      consecutiveLocalOriginFailure: count(
        message.consecutiveLocalOriginFailure,
        OUTLIER.consecutiveLocalOriginFailure,
      ),
      split: message.splitExternalLocalOriginErrors === true,
      interval: time(message.interval, OUTLIER.interval),
      baseEjection,
      // Envoy's default is the larger of the base and five minutes.
      maxEjection: time(message.maxEjectionTime, Math.max(baseEjection, OUTLIER.maxEjection)),
      maxEjectionJitter: time(message.maxEjectionTimeJitter, OUTLIER.maxEjectionJitter),
      maxEjectionPercent: count(message.maxEjectionPercent, OUTLIER.maxEjectionPercent),
      alwaysEjectOne: message.alwaysEjectOneHost?.value ?? OUTLIER.alwaysEjectOne,
      successRateMinHosts: count(message.successRateMinimumHosts, OUTLIER.successRateMinHosts),
      successRateVolume: count(message.successRateRequestVolume, OUTLIER.successRateVolume),
      successRateStdevFactor: count(message.successRateStdevFactor, OUTLIER.successRateStdevFactor),
      failurePercentageThreshold: count(
        message.failurePercentageThreshold,
        OUTLIER.failurePercentageThreshold,
      ),
      failurePercentageMinHosts: count(
        message.failurePercentageMinimumHosts,
        OUTLIER.failurePercentageMinHosts,
      ),
      failurePercentageVolume: count(
        message.failurePercentageRequestVolume,
        OUTLIER.failurePercentageVolume,
      ),
      enforcing,
    },
  };
}
