import type { XdsClientState } from '@meshkeeper/xds';
import type { SessionState } from '@meshkeeper/zookeeper';

/** Whether what the mesh says here is current. Times are milliseconds since the epoch. */
export type MeshStatus =
  | { readonly state: 'live'; readonly since: number; readonly what: readonly [] }
  /** What was known last is in force. */
  | { readonly state: 'stale'; readonly since: number; readonly what: readonly StalePart[] };

/** A part that is not current. */
export interface StalePart {
  /** `services`: endpoints, routes and policies. `zookeeper`: registrations, locks and elections. */
  readonly part: 'services' | 'zookeeper';
  readonly reason: string;
}

/** What the parts say. */
export interface Parts {
  readonly xds: XdsClientState;
  /** Undefined without a session of its own. */
  readonly zookeeper: SessionState | undefined;
}

/** The status that follows on another one. */
export function nextStatus(before: MeshStatus, parts: Parts, now: number): MeshStatus {
  const what = staleParts(parts);
  const state = what.length === 0 ? 'live' : 'stale';
  const since = before.state === state ? before.since : now;
  return what.length === 0 ? { state: 'live', since, what: [] } : { state: 'stale', since, what };
}

/** True when both say the same. */
export function sameStatus(a: MeshStatus, b: MeshStatus): boolean {
  return (
    a.state === b.state &&
    a.what.length === b.what.length &&
    a.what.every(({ part }, i) => part === b.what[i]?.part)
  );
}

function staleParts({ xds, zookeeper }: Parts): StalePart[] {
  const stale: StalePart[] = [];
  if (xds.type === 'connecting') stale.push({ part: 'services', reason: 'no answer yet' });
  if (xds.type === 'disconnected') stale.push({ part: 'services', reason: xds.reason });
  if (zookeeper !== undefined && zookeeper.type !== 'connected')
    stale.push({ part: 'zookeeper', reason: `the session is ${zookeeper.type}` });
  return stale;
}
