import type { Endpoint } from '@meshkeeper/mesh';

/**
 * Endpoints in the order of their ids. Of those with one id, which directories that are read as one
 * service may have, all but the first by path have their path for an id.
 */
export function byId(endpoints: Iterable<Endpoint>): Endpoint[] {
  const sorted = [...endpoints].sort(
    (a, b) => compare(a.id, b.id) || compare(a.origin.path, b.origin.path),
  );
  if (!sorted.some(({ id }, i) => id === sorted[i - 1]?.id)) return sorted;
  const told = sorted.map((endpoint, i) =>
    endpoint.id === sorted[i - 1]?.id ? { ...endpoint, id: endpoint.origin.path } : endpoint,
  );
  return told.sort((a, b) => compare(a.id, b.id));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
