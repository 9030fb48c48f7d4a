/** What the process of a server is asked, a line each; it answers each with an {@link Answer}. */
export type Request =
  /** Starts it; ours lets so many streams begin (default: any number). */
  | { readonly do: 'listen'; readonly cache: string; readonly admission?: AdmissionLimit }
  /** Serves this: as numbers, and as what comes of them, `google.protobuf.Any` in base 64. */
  | { readonly do: 'fill'; readonly world: WorldSize; readonly resources: readonly string[] }
  /** Makes changes, by their numbers; without `perSecond` all at once. */
  | {
      readonly do: 'change';
      readonly first: number;
      readonly count: number;
      readonly perSecond?: number;
    }
  | { readonly do: 'usage' };

/** As the server takes it. */
export interface AdmissionLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** How much is served. */
export interface WorldSize {
  readonly services: number;
  /** Of each service. */
  readonly endpoints: number;
}

/** The answer to `listen`. */
export interface Listening {
  readonly port: number;
}

/** The answer to `usage`. */
export interface Usage {
  /** CPU time so far, of the user and the system, in microseconds. */
  readonly cpu: number;
  /** Memory that is resident now, in bytes. */
  readonly rss: number;
}
