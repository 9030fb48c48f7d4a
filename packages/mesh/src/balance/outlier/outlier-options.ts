/** When endpoints are ejected: Envoy's `OutlierDetection`. Times in milliseconds, shares in percent. */
export interface OutlierOptions {
  /** Responses of 5xx in a row. Default 5. */
  readonly consecutive5xx: number;
  /** Responses of 502, 503 or 504 in a row. Default 5. */
  readonly consecutiveGatewayFailure: number;
  /** Failures to connect or to get a response in time, in a row. Default 5; counted when `split`. */
  readonly consecutiveLocalOriginFailure: number;
  /** Failures of the local origin count by themselves, not as responses of 5xx. Default false. */
  readonly split: boolean;
  /** How often success is reckoned and ejections are ended. Default 10,000. */
  readonly interval: number;
  /** How long the first ejection lasts; the n-th in short order lasts n times as long. Default 30,000. */
  readonly baseEjection: number;
  /** How long an ejection lasts at most. Default 300,000. */
  readonly maxEjection: number;
  /** An ejection lasts a random time of up to this longer. Default 0. */
  readonly maxEjectionJitter: number;
  /** How many of the endpoints may be ejected at once. Default 10. */
  readonly maxEjectionPercent: number;
  /** One endpoint may be ejected whatever its share is. Default false. */
  readonly alwaysEjectOne: boolean;
  /** How many endpoints need {@link successRateVolume} for success to be compared. Default 5. */
  readonly successRateMinHosts: number;
  /** Requests in an interval. Default 100. */
  readonly successRateVolume: number;
  /** An outlier is so many thousandths of a standard deviation below the mean. Default 1,900. */
  readonly successRateStdevFactor: number;
  /** Failures from which on an endpoint is ejected, whatever the others do. Default 85. */
  readonly failurePercentageThreshold: number;
  /** Default 5. */
  readonly failurePercentageMinHosts: number;
  /** Default 50. */
  readonly failurePercentageVolume: number;
  /** How often a reason to eject is followed. */
  readonly enforcing: Readonly<Record<EjectionReason, number>>;
}

/** Why an endpoint is ejected; Envoy's `OutlierEjectionType`. */
export type EjectionReason =
  | 'consecutive-5xx'
  | 'consecutive-gateway-failure'
  | 'consecutive-local-origin-failure'
  | 'success-rate'
  | 'local-origin-success-rate'
  | 'failure-percentage'
  | 'local-origin-failure-percentage';

/** Envoy's defaults. */
export const OUTLIER: OutlierOptions = Object.freeze({
  consecutive5xx: 5,
  consecutiveGatewayFailure: 5,
  consecutiveLocalOriginFailure: 5,
  split: false,
  interval: 10_000,
  baseEjection: 30_000,
  maxEjection: 300_000,
  maxEjectionJitter: 0,
  maxEjectionPercent: 10,
  alwaysEjectOne: false,
  successRateMinHosts: 5,
  successRateVolume: 100,
  successRateStdevFactor: 1_900,
  failurePercentageThreshold: 85,
  failurePercentageMinHosts: 5,
  failurePercentageVolume: 50,
  enforcing: Object.freeze({
    'consecutive-5xx': 100,
    'consecutive-gateway-failure': 0,
    'consecutive-local-origin-failure': 100,
    'success-rate': 100,
    'local-origin-success-rate': 100,
    'failure-percentage': 0,
    'local-origin-failure-percentage': 0,
  }),
});
