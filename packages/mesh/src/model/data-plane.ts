import type { ServiceChange, Snapshot } from './snapshot.ts';

/** How far a data plane is with what it was given. */
export type DataPlaneState =
  /** What is at the other end was not read yet: nothing is written, and nothing taken away. */
  | { readonly type: 'starting' }
  /** All of the revision is where it belongs. */
  | { readonly type: 'applied'; readonly revision: number }
  /** It is on its way. */
  | { readonly type: 'applying'; readonly revision: number }
  /** The other end is away, or refuses. `since`: milliseconds since the epoch. */
  | { readonly type: 'failing'; readonly since: number; readonly message: string };

/**
 * Something that is given what the mesh holds and brings it to where it is used: Envoy and gRPC by
 * xDS, DNS, Kubernetes, Consul, a registry that is mirrored into, a plug-in's own.
 */
export interface DataPlane extends AsyncDisposable {
  /** Unique among the data planes of a control plane. */
  readonly name: string;
  readonly state: DataPlaneState;
  /** What it can't bring over, by what that is there; bounded. */
  readonly problems: ReadonlyMap<string, string>;
  /**
   * Called with each snapshot that is served, the first complete one at first. Returns at once and does not
   * throw: what takes time is done behind it, from the newest snapshot.
   * @param changes what differs from the snapshot of the call before
   */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void;
  /** Ends it. What it has brought over stays. Idempotent. */
  close(): Promise<void>;
}
