import { at, listAt, textAt } from '../json-path.ts';
import type { Table } from '../table.ts';
import type { ResourceView } from './view.ts';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** A row each cluster. */
export function clustersTable(resources: readonly ResourceView[]): Table {
  return {
    head: ['NAME', 'TYPE', 'BALANCING', 'PROTOCOL', 'CONNECT TIMEOUT', 'STATUS'],
    rows: resources.map(({ name, status, resource }) => [
      name,
      textAt(resource, 'type') ?? (resource === undefined ? '-' : 'STATIC'),
      balancingOf(resource),
      protocolOf(resource),
      textAt(resource, 'connect_timeout') ?? '-',
      status,
    ]),
  };
}

/** The policies in their order: a data plane takes the first that it knows. */
function balancingOf(cluster: unknown): string {
  const policies = listAt(cluster, 'load_balancing_policy', 'policies').flatMap((policy) => {
    const name = textAt(policy, 'typed_extension_config', 'name');
    return name === undefined ? [] : [name.slice(name.lastIndexOf('.') + 1)];
  });
  if (policies.length > 0) return policies.join(', ');
  if (cluster === undefined) return '-';
  return (textAt(cluster, 'lb_policy') ?? 'ROUND_ROBIN').toLowerCase();
}

function protocolOf(cluster: unknown): string {
  if (cluster === undefined) return '-';
  const options = at(cluster, 'typed_extension_protocol_options', HTTP_OPTIONS);
  if (at(options, 'explicit_http_config', 'http2_protocol_options') !== undefined) return 'http2';
  if (at(options, 'use_downstream_protocol_config') !== undefined) return 'as received';
  return at(options, 'auto_config') !== undefined ? 'auto' : 'http1 or tcp';
}
