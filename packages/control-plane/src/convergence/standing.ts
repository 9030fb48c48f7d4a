import type { ConnectedProxy, RefusedResource } from '@meshkeeper/xds';

/** How a data plane's stream stands to a revision that is waited for. Times: milliseconds since the epoch. */
export type Standing =
  /** It has accepted all of that revision, or of a newer one, that it subscribes to. */
  | { readonly type: 'applied'; readonly at: number }
  /** Something is under way, or not sent yet; `revision` is what it has, if anything. */
  | { readonly type: 'pending'; readonly revision: number | undefined }
  /** It rejects what is served: it will not get there until something else is. */
  | {
      readonly type: 'rejected';
      readonly revision: number | undefined;
      readonly refused: readonly RefusedResource[];
    }
  /** It went away while it was waited for, and did not come back. */
  | { readonly type: 'gone'; readonly at: number };

/** A data plane, and how it stands. */
export interface ProxyStanding {
  readonly proxy: ConnectedProxy;
  readonly standing: Standing;
}

/** How far all data planes of this replica are with a revision. */
export interface Progress {
  readonly revision: number;
  /** Everything of it was handed to the streams; nothing is held back to be sent with more. */
  readonly served: boolean;
  /** How many data planes stand how. */
  readonly counts: Readonly<Record<Standing['type'], number>>;
  /** Those that have not applied it, as far as there is room for them. */
  readonly behind: readonly ProxyStanding[];
}

/** What a wait for a revision has come to. */
export interface Outcome extends Progress {
  /** Every data plane that is connected has applied it. */
  readonly converged: boolean;
  /** The wait was given up by its timeout: some are pending. */
  readonly timedOut: boolean;
}
