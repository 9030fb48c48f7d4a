import type { ServiceChange } from '@meshkeeper/mesh';

/** Whether requests stop going somewhere by it: an endpoint is gone, or is no longer healthy. */
export function takesAway(change: ServiceChange): boolean {
  if (change.type === 'removed') return true;
  if (change.type !== 'updated') return false;
  const after = new Map(change.after.endpoints.map(({ id, health }) => [id, health]));
  return change.before.endpoints.some(({ id, health }) => {
    const now = after.get(id);
    return now === undefined || (now !== health && (now === 'unhealthy' || now === 'draining'));
  });
}
