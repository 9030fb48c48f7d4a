/** When a request is tried again; Envoy's `retry_on` and gRPC's. */
export type RetryCondition =
  | '5xx'
  | 'gateway-error'
  | 'connect-failure'
  | 'reset'
  | 'reset-before-request'
  | 'refused-stream'
  | 'retriable-4xx'
  | 'http3-post-connect-failure'
  | 'cancelled'
  | 'deadline-exceeded'
  | 'internal'
  | 'resource-exhausted'
  | 'unavailable';

/** Further tries of a request that has failed. Times in milliseconds. */
export interface RetrySettings {
  /** After the first; 0 is none. */
  readonly attempts: number;
  readonly on: readonly RetryCondition[];
  /** Statuses that are tried again, too. */
  readonly codes: readonly number[];
  readonly backoff: { readonly base: number; readonly max: number };
  readonly budget: { readonly percent: number; readonly minConcurrency: number };
  /** A further try goes to an endpoint that has not been tried, if there is one. */
  readonly otherEndpoint: boolean;
}

/** Who states only how often: what can not have been done already is tried again, within bounds. */
export const RETRY_DEFAULTS: Omit<RetrySettings, 'attempts'> = {
  on: ['connect-failure', 'refused-stream', 'reset-before-request', 'unavailable', 'cancelled'],
  codes: [],
  backoff: { base: 25, max: 250 },
  budget: { percent: 20, minConcurrency: 3 },
  otherEndpoint: true,
};
