import { at, listAt, textAt } from '../json-path.ts';
import type { Table } from '../table.ts';
import type { ResourceView } from './view.ts';

/** A row each listener. */
export function listenersTable(resources: readonly ResourceView[]): Table {
  return {
    head: ['NAME', 'ADDRESS', 'PORT', 'TRAFFIC', 'TO', 'STATUS'],
    rows: resources.map(({ name, status, resource }) => [
      name,
      textAt(resource, 'address', 'socket_address', 'address') ?? '-',
      listenPort(resource) ?? '-',
      (textAt(resource, 'traffic_direction') ?? '-').toLowerCase(),
      destinationsOf(resource).join(', ') || '-',
      status,
    ]),
  };
}

/** The port of a `Listener`. */
export function listenPort(listener: unknown): string | undefined {
  return textAt(listener, 'address', 'socket_address', 'port_value');
}

function destinationsOf(listener: unknown): string[] {
  const chains = [...listAt(listener, 'filter_chains'), at(listener, 'default_filter_chain')];
  const configs = chains.flatMap((chain) =>
    listAt(chain, 'filters').map((filter) => at(filter, 'typed_config')),
  );
  // A client's listener, as gRPC has it, is none that listens.
  configs.push(at(listener, 'api_listener', 'api_listener'));
  const found = configs.flatMap((config) => {
    const routes = textAt(config, 'rds', 'route_config_name');
    if (routes !== undefined) return [`routes ${routes}`];
    if (at(config, 'route_config') !== undefined) return ['routes of its own'];
    const cluster = textAt(config, 'cluster');
    return cluster === undefined ? [] : [`cluster ${cluster}`];
  });
  return [...new Set(found)];
}
