import type { SourceState } from './source.ts';

/** What is the case with a policy, as Gateway API says it. */
export interface PolicyCondition {
  /**
   * `Accepted`: it means something here; `ResolvedRefs`: there is what it refers to; `Programmed`:
   * the data planes have it.
   */
  readonly type: 'Accepted' | 'ResolvedRefs' | 'Programmed';
  readonly status: 'True' | 'False' | 'Unknown';
  /** A word for programs. */
  readonly reason: string;
  /** A sentence for people; empty when there is nothing to be said. */
  readonly message: string;
}

/** A policy that a platform has. */
export interface SourcePolicy {
  /** Unique among those of the source: `HTTPRoute shop/web`. */
  readonly id: string;
  /** Tells what is written in it now from what was before: of Kubernetes its generation. */
  readonly version: string;
  /** Since when it is there, in milliseconds since the epoch: of two that are equally exact the older counts. */
  readonly createdAt: number;
  /**
   * As an operator would write it: `apiVersion`, `kind`, `metadata` with `name` and `namespace`, `spec`.
   * Services have the names that the catalog has them under. It need not be valid.
   */
  readonly document: Readonly<Record<string, unknown>>;
  /** What the platform itself knows to be the case: it goes before what is found here. */
  readonly conditions?: readonly PolicyCondition[];
}

/** What has become of a policy. */
export interface PolicyStanding {
  /** Which of its versions was judged. */
  readonly version: string;
  readonly conditions: readonly PolicyCondition[];
}

/** Policies of a platform, which are changed there and not here. */
export interface PolicySource {
  readonly state: SourceState;
  /**
   * All policies, at first when all were read, and after each change; what has not changed as the same
   * object. While the platform is away nothing is told. Ends when the signal aborts. One consumer.
   */
  changes(signal: AbortSignal): AsyncIterable<readonly SourcePolicy[]>;
  /**
   * Told how all of them stand, by id, after each change of that; in every replica. Returns at once and
   * does not throw: what is written is written behind it, and by the replica that leads.
   */
  judged?(standings: ReadonlyMap<string, PolicyStanding>): void;
}
