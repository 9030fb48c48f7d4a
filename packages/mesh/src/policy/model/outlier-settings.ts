/** When an endpoint is left aside for its failures; Envoy's outlier detection. Times in milliseconds. */
export interface OutlierSettings {
  /** Responses of 5xx in a row; 0 is never. */
  readonly consecutive5xx: number;
  /** Responses of 502, 503 or 504 in a row; 0 is never. */
  readonly consecutiveGatewayErrors: number;
  /** Failures to connect, in a row; counts with `splitLocal`. */
  readonly consecutiveLocalFailures: number;
  /** Failures to connect count by themselves, and not as 5xx. */
  readonly splitLocal: boolean;
  readonly interval: number;
  readonly baseEjectionTime: number;
  readonly maxEjectionTime: number;
  readonly maxEjectionJitter: number;
  readonly maxEjectionPercent: number;
  /** One may be out whatever its share is. */
  readonly alwaysEjectOne: boolean;
  readonly successRate?: {
    readonly minEndpoints: number;
    readonly requestVolume: number;
    readonly stdevFactor: number;
  };
  readonly failurePercentage?: {
    readonly threshold: number;
    readonly minEndpoints: number;
    readonly requestVolume: number;
  };
}
