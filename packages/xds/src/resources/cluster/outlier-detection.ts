import type { OutlierSettings, ServiceSettings } from '@meshkeeper/mesh';
import { duration } from '../../codec/duration.ts';
import type { OutlierDetection } from '../../codec/messages.ts';

const ALWAYS = { value: 100 };
const NEVER = { value: 0 };

/**
 * An instance that was killed stays registered until its session expires; meanwhile connections to
 * it are refused. Two in a row take it out for some seconds. What the application answers (5xx)
 * ejects nobody here, that is for a policy to ask. 80 % keeps the last one of any number in.
 */
const DEFAULT: OutlierDetection = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: { value: 2 },
  enforcingConsecutiveLocalOriginFailure: ALWAYS,
  enforcingLocalOriginSuccessRate: NEVER,
  enforcingConsecutive_5xx: NEVER,
  enforcingSuccessRate: NEVER,
  enforcingConsecutiveGatewayFailure: NEVER,
  interval: duration(1000),
  baseEjectionTime: duration(5000),
  maxEjectionTime: duration(30_000),
  maxEjectionPercent: { value: 80 },
};

/** When endpoints are left aside for their failures. */
export function outlierDetection(settings: ServiceSettings | undefined): OutlierDetection {
  return settings?.outliers === undefined ? DEFAULT : stated(settings.outliers);
}

function stated(outliers: OutlierSettings): OutlierDetection {
  const { successRate: rate, failurePercentage: failures } = outliers;
  return {
    ...consecutive(outliers),
    interval: duration(outliers.interval),
    baseEjectionTime: duration(outliers.baseEjectionTime),
    maxEjectionTime: duration(outliers.maxEjectionTime),
    maxEjectionTimeJitter: duration(outliers.maxEjectionJitter),
    maxEjectionPercent: { value: Math.round(outliers.maxEjectionPercent) },
    ...(outliers.alwaysEjectOne ? { alwaysEjectOneHost: { value: true } } : {}),
    enforcingSuccessRate: rate === undefined ? NEVER : ALWAYS,
    enforcingLocalOriginSuccessRate: rate !== undefined && outliers.splitLocal ? ALWAYS : NEVER,
    ...(rate === undefined
      ? {}
      : {
          successRateMinimumHosts: { value: rate.minEndpoints },
          successRateRequestVolume: { value: rate.requestVolume },
          successRateStdevFactor: { value: Math.round(rate.stdevFactor * 1000) },
        }),
    enforcingFailurePercentage: failures === undefined ? NEVER : ALWAYS,
    ...(failures === undefined
      ? {}
      : {
          failurePercentageThreshold: { value: Math.round(failures.threshold) },
          failurePercentageMinimumHosts: { value: failures.minEndpoints },
          failurePercentageRequestVolume: { value: failures.requestVolume },
          ...(outliers.splitLocal ? { enforcingFailurePercentageLocalOrigin: ALWAYS } : {}),
        }),
  };
}

function consecutive(outliers: OutlierSettings): OutlierDetection {
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalFailures } = outliers;
  return {
    // Envoy takes no 0: who is never ejected is not enforced.
    ...(consecutive5xx > 0 ? { consecutive_5xx: { value: consecutive5xx } } : {}),
    enforcingConsecutive_5xx: consecutive5xx > 0 ? ALWAYS : NEVER,
    ...(consecutiveGatewayErrors > 0
      ? { consecutiveGatewayFailure: { value: consecutiveGatewayErrors } }
      : {}),
    enforcingConsecutiveGatewayFailure: consecutiveGatewayErrors > 0 ? ALWAYS : NEVER,
    splitExternalLocalOriginErrors: outliers.splitLocal,
    ...(outliers.splitLocal && consecutiveLocalFailures > 0
      ? { consecutiveLocalOriginFailure: { value: consecutiveLocalFailures } }
      : {}),
    enforcingConsecutiveLocalOriginFailure:
      outliers.splitLocal && consecutiveLocalFailures > 0 ? ALWAYS : NEVER,
  };
}
