import type { HeaderValue } from './headers.ts';

interface Common {
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Default: the endpoint's own. */
  readonly port?: number;
}

/** A check of endpoints, by whoever sends them requests. */
export type HealthCheckSettings =
  | (Common & {
      readonly type: 'http';
      readonly path: string;
      readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT';
      /** Default: the service's name. */
      readonly host?: string;
      readonly headers: readonly HeaderValue[];
      /** Both ends are in it. */
      readonly expectedStatuses: readonly { readonly from: number; readonly to: number }[];
    })
  | (Common & {
      readonly type: 'tcp';
      /** Hexadecimal. */
      readonly send?: string;
      /** Hexadecimal; has to be in what comes back. */
      readonly receive?: string;
    })
  | (Common & {
      readonly type: 'grpc';
      /** What `grpc.health.v1` is asked for; empty: the server as a whole. */
      readonly service: string;
      readonly authority?: string;
    });
