import type { Fault } from '../config-error.ts';

/** How good what a client has is. */
export type ConfigStatus =
  /** It is what holds now. */
  | { readonly state: 'live' }
  /** It is the last that was known: why, and since when. */
  | { readonly state: 'stale'; readonly reason: string; readonly since: Date }
  /** What holds now doesn't fit the schema: the last that did goes on. */
  | { readonly state: 'rejected'; readonly faults: readonly Fault[]; readonly since: Date };

/** Why what comes from a control plane may be old. */
export const ZOOKEEPER_AWAY = 'ZooKeeper is away from the control plane';

/** Stale, since it first was. */
export function staleBecause(reason: string, before?: ConfigStatus): ConfigStatus {
  const since = before?.state === 'stale' ? before.since : new Date();
  return { state: 'stale', reason, since };
}
