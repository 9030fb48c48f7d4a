import { at, listAt, textAt } from '../json-path.ts';
import type { Table } from '../table.ts';
import { holds, type ResourceView, type Wanted } from './view.ts';

/** Domains of a virtual host that are shown, at most. */
const DOMAINS = 2;

/** A virtual host: a part of its routes, or a resource of its own that is called by their name too. */
interface Host {
  readonly routes: string;
  readonly name: string;
  readonly domains: readonly string[];
  readonly message: unknown;
}

/** A row each route; of a configuration only the hosts that are wanted. */
export function routesTable(resources: readonly ResourceView[], { name: wanted }: Wanted): Table {
  return {
    head: ['ROUTES', 'HOST', 'DOMAINS', 'MATCH', 'TO', 'STATUS'],
    rows: resources.flatMap((resource) =>
      hostsIn(resource).flatMap(({ routes, name, domains, message }) => {
        // One that is wanted by the name of the whole has all its hosts.
        if (![routes, name, ...domains].some((text) => holds(text, wanted))) return [];
        const more = domains.length - DOMAINS;
        const shown = domains.slice(0, DOMAINS).join(', ') + (more > 0 ? ` and ${more} more` : '');
        return listAt(message, 'routes').map((route) => [
          ...[routes, name, shown],
          ...[matchText(at(route, 'match')), targetText(route), resource.status],
        ]);
      }),
    ),
  };
}

/** The virtual hosts of a resource that is routes, or that is one of those. */
function hostsIn({ type, name, resource }: ResourceView): Host[] {
  const domainsOf = (host: unknown) => listAt(host, 'domains').map(String);
  if (type === 'VirtualHost') {
    const slash = name.lastIndexOf('/');
    const own = name
      .slice(slash + 1)
      .replaceAll('%2F', '/')
      .replaceAll('%25', '%');
    const domains = domainsOf(resource);
    return [{ routes: name.slice(0, slash), name: own, domains, message: resource }];
  }
  if (type !== 'RouteConfiguration') return [];
  return listAt(resource, 'virtual_hosts').map((host) => {
    const own = textAt(host, 'name') ?? '-';
    return { routes: name, name: own, domains: domainsOf(host), message: host };
  });
}

function matchText(match: unknown): string {
  const path =
    textAt(match, 'path') ??
    suffixed(textAt(match, 'prefix'), '*') ??
    suffixed(textAt(match, 'path_separated_prefix'), '/*') ??
    suffixed(textAt(match, 'safe_regex', 'regex'), ' (regex)') ??
    '*';
  const conditions = [...listAt(match, 'headers'), ...listAt(match, 'query_parameters')].map(
    (each) => conditionText(each),
  );
  return [path, ...conditions].join(' ');
}

function suffixed(text: string | undefined, suffix: string): string | undefined {
  return text === undefined ? undefined : text + suffix;
}

function conditionText(condition: unknown): string {
  const name = textAt(condition, 'name') ?? '';
  const not = at(condition, 'invert_match') === true ? '!' : '';
  const match = at(condition, 'string_match');
  if (match === undefined) return `${not}${name}`;
  const [how = 'exact', what] =
    Object.entries(match as object).find(([key]) => key !== 'ignore_case') ?? [];
  const text = typeof what === 'object' ? (textAt(what, 'regex') ?? '') : String(what);
  const signs: Readonly<Record<string, string>> = { exact: '=', safe_regex: '~', contains: '*=' };
  return `${not}${name}${signs[how] ?? ` ${how} `}${text}`;
}

function targetText(route: unknown): string {
  const cluster = textAt(route, 'route', 'cluster') ?? textAt(route, 'route', 'cluster_header');
  if (cluster !== undefined) return cluster;
  const weighted = listAt(route, 'route', 'weighted_clusters', 'clusters');
  if (weighted.length > 0)
    return weighted
      .map((each) => `${textAt(each, 'name')} (weight ${textAt(each, 'weight') ?? 0})`)
      .join(', ');
  const answer = textAt(route, 'direct_response', 'status');
  if (answer !== undefined) return `answers ${answer}`;
  return at(route, 'redirect') === undefined ? '-' : 'redirects';
}

/** The names and domains of the virtual hosts of a resource. */
export function hostsOf(resource: ResourceView): string[] {
  return hostsIn(resource).flatMap(({ name, domains }) => [name, ...domains]);
}
