import { NO_POLICIES, type Policies } from '../policy/model/policies.ts';
import { type Service, sameService } from './service.ts';
import { ServiceMap } from './service-map.ts';

/** Everything that the data planes are served, at one moment. Immutable; versions share structure. */
export interface Snapshot {
  /** Grows by one with each version of this process's catalog, and of its policies. */
  readonly revision: number;
  readonly services: ServiceMap;
  /** What operators have applied; what a registry states of a service is in the service. */
  readonly policies: Policies;
}

/** The snapshot before anything was read. */
export const EMPTY_SNAPSHOT: Snapshot = Object.freeze({
  revision: 0,
  services: ServiceMap.empty,
  policies: NO_POLICIES,
});

/** One difference between two snapshots. */
export type ServiceChange =
  | { readonly type: 'added'; readonly name: string; readonly after: Service }
  | {
      readonly type: 'updated';
      readonly name: string;
      readonly before: Service;
      readonly after: Service;
    }
  | { readonly type: 'removed'; readonly name: string; readonly before: Service };

/**
 * What must change at a consumer that has `before` so that it serves `after`. The cost is that of
 * the buckets that differ. A service that was only read again (same content) is no change.
 */
export function diff(before: Snapshot, after: Snapshot): ServiceChange[] {
  const changes: ServiceChange[] = [];
  for (const name of after.services.changedSince(before.services)) {
    const old = before.services.get(name);
    const now = after.services.get(name);
    if (old === undefined && now !== undefined) changes.push({ type: 'added', name, after: now });
    else if (old !== undefined && now === undefined)
      changes.push({ type: 'removed', name, before: old });
    else if (old !== undefined && now !== undefined && !sameService(old, now))
      changes.push({ type: 'updated', name, before: old, after: now });
  }
  return changes;
}
