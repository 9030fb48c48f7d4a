import { SHORT_TYPES } from '../../proxies.ts';
import { clean, formatTable, type Table } from '../table.ts';
import { clustersTable } from './clusters.ts';
import { endpointsTable, hostsIn } from './endpoints.ts';
import { listenersTable, listenPort } from './listeners.ts';
import { hostsOf, routesTable } from './routes.ts';
import { secretsTable } from './secrets.ts';
import { holds, type ProxyConfigView, type ResourceView, type Wanted } from './view.ts';

/** What can be asked for: the type's name in the API and in protobuf, and its table. */
export const SUBJECTS = {
  clusters: { type: 'cluster', table: clustersTable },
  endpoints: { type: 'endpoint', table: endpointsTable },
  routes: { type: 'route', table: routesTable },
  listeners: { type: 'listener', table: listenersTable },
  secrets: { type: 'secret', table: secretsTable },
} as const;
export type Subject = keyof typeof SUBJECTS;

/** For people: what a data plane is served of one type, or an overview; then what it rejects. */
export function proxyConfigText(
  view: ProxyConfigView,
  subject: Subject | undefined,
  wanted: Wanted,
): string {
  const resources = view.streams.flatMap((stream) => stream.resources);
  const table =
    subject === undefined ? overview(resources) : SUBJECTS[subject].table(resources, wanted);
  if (table.rows.length === 0)
    return wanted.name === undefined && wanted.port === undefined
      ? `${view.id} was sent no ${subject ?? 'resources'}`
      : `${view.id} has nothing that fits`;
  const errors = resources.flatMap(({ type, name, error }) =>
    error === undefined
      ? []
      : [
          clean(
            `${SHORT_TYPES[type] ?? type} ${name} is rejected since ${error.at}: ${error.message.trim()}`,
          ),
        ],
  );
  return [formatTable(table), ...(errors.length > 0 ? ['', ...errors] : [])].join('\n');
}

/** The resources that are wanted; a route also by its hosts, an endpoint or listener by its port. */
export function filtered(view: ProxyConfigView, wanted: Wanted): ProxyConfigView {
  const streams = view.streams.map((stream) => ({
    ...stream,
    resources: stream.resources.filter((resource) => fits(resource, wanted)),
  }));
  return { ...view, streams };
}

function fits(view: ResourceView, wanted: Wanted): boolean {
  const { type, name, resource } = view;
  const names = [name, ...hostsOf(view)];
  if (wanted.name !== undefined && !names.some((each) => holds(each, wanted.name))) return false;
  if (wanted.port === undefined) return true;
  if (type === 'ClusterLoadAssignment')
    return hostsIn(resource).some(({ port }) => port === String(wanted.port));
  return type === 'Listener' && listenPort(resource) === String(wanted.port);
}

function overview(resources: readonly ResourceView[]): Table {
  return {
    head: ['TYPE', 'NAME', 'STATUS', 'VERSION'],
    rows: resources.map(({ type, name, status, version, servedVersion }) => [
      SHORT_TYPES[type] ?? type,
      name,
      status,
      servedVersion === undefined ? version || '-' : `${version || 'none'}, to be ${servedVersion}`,
    ]),
  };
}
