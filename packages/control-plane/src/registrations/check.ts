/** How an instance is checked. Times in milliseconds. */
export interface Check {
  /** A path that is asked by HTTP, which must be answered with 2xx. */
  readonly http?: string;
  /** A service that has to serve by `grpc.health.v1`; empty: the server. Without this and `http`: a TCP connection. */
  readonly grpc?: string;
  readonly interval: number;
  readonly timeout: number;
  /** How many in a row make it fit again. */
  readonly rise: number;
  /** How many in a row make it unfit. */
  readonly fall: number;
}

/** What checks have found of an instance. */
export interface Found {
  readonly fit: boolean;
  /** How many in a row said otherwise. */
  readonly against: number;
}

/** What is found after one check more. Pure. */
export function afterCheck({ fit, against }: Found, passed: boolean, { rise, fall }: Check): Found {
  if (passed === fit) return { fit, against: 0 };
  return against + 1 >= (fit ? fall : rise)
    ? { fit: !fit, against: 0 }
    : { fit, against: against + 1 };
}
