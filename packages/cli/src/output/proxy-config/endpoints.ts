import { listAt, textAt } from '../json-path.ts';
import type { Table } from '../table.ts';
import type { ResourceView, Wanted } from './view.ts';

/** A row each endpoint; one that says so where a cluster has none. */
export function endpointsTable(
  resources: readonly ResourceView[],
  { port: wanted }: Wanted,
): Table {
  return {
    head: ['ENDPOINT', 'HEALTH', 'WEIGHT', 'PRIORITY', 'LOCALITY', 'CLUSTER', 'STATUS'],
    rows: resources.flatMap(({ name, status, resource }) => {
      const hosts = hostsIn(resource).filter(
        ({ port }) => wanted === undefined || port === String(wanted),
      );
      if (hosts.length === 0 && wanted === undefined)
        return [['none', '-', '-', '-', '-', name, status]];
      return hosts.map(({ address, port, health, weight, priority, locality }) => [
        address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
        ...[health, weight, priority, locality, name, status],
      ]);
    }),
  };
}

/** The endpoints of a `ClusterLoadAssignment`, as texts. */
export function hostsIn(assignment: unknown) {
  return listAt(assignment, 'endpoints').flatMap((group) => {
    const place = ['region', 'zone', 'sub_zone'].map((key) => textAt(group, 'locality', key) ?? '');
    const locality = place.join('/').replace(/\/+$/, '') || '-';
    return listAt(group, 'lb_endpoints').map((host) => ({
      address: textAt(host, 'endpoint', 'address', 'socket_address', 'address') ?? '',
      port: textAt(host, 'endpoint', 'address', 'socket_address', 'port_value') ?? '',
      health: (textAt(host, 'health_status') ?? 'UNKNOWN').toLowerCase(),
      weight: textAt(host, 'load_balancing_weight') ?? '1',
      priority: textAt(group, 'priority') ?? '0',
      locality,
    }));
  });
}
