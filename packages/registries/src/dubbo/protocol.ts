import type { Protocol } from '@meshkeeper/mesh';

/** Which protocol a service's own name stands for where several are as good. */
const ORDER = ['tri', 'grpc', 'rest', 'dubbo'];
const MESH: Readonly<Record<string, Protocol>> = {
  tri: 'grpc',
  grpc: 'grpc',
  rest: 'http',
  dubbo: 'dubbo',
};

/** What the mesh speaks to a provider of this protocol of Dubbo's. */
export function meshProtocol(protocol: string): Protocol {
  return Object.hasOwn(MESH, protocol) ? MESH[protocol]! : 'tcp';
}

/**
 * The protocol that a service's own name stands for: of those that nearly as many instances offer as
 * the most offered one, the first of tri, grpc, rest, dubbo. See docs/decisions/0006.
 * @param counts how many instances offer each; not empty
 */
export function baseProtocol(counts: ReadonlyMap<string, number>): string {
  const enough = 0.8 * Math.max(...counts.values());
  const [first = ''] = [...counts]
    .filter(([, count]) => count >= enough)
    .map(([protocol]) => protocol)
    .sort(byPreference);
  return first;
}

function byPreference(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(protocol: string): number {
  const at = ORDER.indexOf(protocol);
  return at === -1 ? ORDER.length : at;
}
