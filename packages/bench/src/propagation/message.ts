/** What the process of the control plane says. */
export type Message = { readonly type: 'listening'; readonly xds: string } | Report;

/** What happened since the last report. */
export interface Report {
  readonly type: 'report';
  readonly applied: readonly Applied[];
  /** Responses that the Envoy judged. */
  readonly responses: Responses;
  /** CPU time that the process has used so far, in milliseconds. */
  readonly cpu: number;
}

/** An instance's change that the Envoy acknowledged. */
export interface Applied {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly ackedAt: number;
}

/** How many responses were judged, by what they held. */
export interface Responses {
  readonly endpoints: number;
  readonly others: number;
  readonly rejected: number;
}
