import type { ConsulCatalog, Placed, Topic } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import type { CheckRecord, ServiceRecord } from './records.ts';
import { renderedCheck, renderedOffer, renderedService } from './rendered.ts';

/** A query: on which topics it waits, and what it answers with. */
export interface Read {
  topics(catalog: ConsulCatalog): readonly Topic[];
  /** What wakes it; undefined: what its index is of. */
  readonly wakes?: readonly Topic[];
  answer(catalog: ConsulCatalog): unknown;
  /** What who may see nothing is answered with. */
  readonly none: unknown;
  /** Whether the time that it waits is stretched a little: those that are streamed don't. */
  readonly jitter: boolean;
}

/** Of whom nothing is said. */
const NAMED: Readonly<Record<string, string>> = {
  'catalog/service': 'Missing service name',
  'catalog/node': 'Missing node name',
  'health/node': 'Missing node name',
  'health/state': 'Missing check state',
  'health/service': 'Missing service name',
};

/** What the query of a path is; undefined: there is none. @throws ConsulFault 400 */
export function readOf(path: string, query: URLSearchParams): Read | undefined {
  const [kind, what, ...rest] = path.split('/').map(decodeURIComponent);
  const name = rest.join('/');
  if (path.endsWith('/') && rest.length === 1 && name === '' && NAMED[`${kind}/${what}`])
    throw new ConsulFault(400, NAMED[`${kind}/${what}`]!);
  switch (`${kind}/${what}`) {
    case 'catalog/services':
      return read(() => ['services'], allServices, {});
    case 'catalog/nodes':
      return read(
        () => ['nodes'],
        (catalog) => catalog.nodes.map(({ node }) => node),
        [],
      );
    case 'catalog/service':
      return read(
        (catalog) => [catalog.topicOf(name)],
        (catalog) => offers(catalog, name),
        [],
      );
    case 'catalog/node':
      return read(
        () => ['nodes', 'services'],
        (catalog) => onNode(catalog, name),
        null,
      );
    case 'health/node':
      return read(
        () => ['nodes', 'checks'],
        (catalog) => [...(catalog.node(name)?.checks.values() ?? [])].map(readCheck),
        [],
      );
    case 'health/state':
      return {
        ...read(
          () => ['checks'],
          (catalog) => inState(catalog, name),
          [],
        ),
        ...(name !== 'any' && { wakes: [`state:${name}`] as const }),
      };
    case 'health/service':
      return {
        ...read(
          (catalog) => [catalog.topicOf(name)],
          (catalog) => health(catalog, name, query),
          [],
        ),
        jitter: false,
      };
    default:
      return undefined;
  }
}

function read(topics: Read['topics'], answer: Read['answer'], none: unknown): Read {
  return { topics, answer, none, jitter: true };
}

function allServices(catalog: ConsulCatalog): Record<string, string[]> {
  const tags = new Map<string, Set<string>>();
  const names = new Map<string, string>();
  for (const { services } of catalog.nodes)
    for (const { Service, Tags } of services.values()) {
      const key = Service.toLowerCase();
      if (!names.has(key)) names.set(key, Service);
      const known = tags.get(key) ?? new Set();
      tags.set(key, known);
      for (const tag of Tags ?? []) known.add(tag);
    }
  return Object.fromEntries(Array.from(names, ([key, name]) => [name, [...(tags.get(key) ?? [])]]));
}

function instances(catalog: ConsulCatalog, name: string): [Placed, ServiceRecord][] {
  return catalog.nodes.flatMap((place) =>
    [...place.services.values()]
      .filter(({ Service }) => Service.toLowerCase() === name.toLowerCase())
      .map((service): [Placed, ServiceRecord] => [place, service]),
  );
}

function offers(catalog: ConsulCatalog, name: string): unknown[] {
  return instances(catalog, name).map(([{ node }, service]) => ({
    ...{ ID: node.ID, Node: node.Node, Address: node.Address, Datacenter: node.Datacenter },
    ...{ TaggedAddresses: node.TaggedAddresses, NodeMeta: node.Meta },
    ...renderedOffer(service),
  }));
}

function onNode(catalog: ConsulCatalog, name: string): unknown {
  const place = catalog.node(name);
  if (place === undefined) return null;
  const services = Array.from(place.services.values(), (each) => [each.ID, readService(each)]);
  return { Node: place.node, Services: Object.fromEntries(services) };
}

function inState(catalog: ConsulCatalog, state: string): object[] {
  return catalog.nodes.flatMap(({ checks }) =>
    [...checks.values()].filter(({ Status }) => state === 'any' || Status === state).map(readCheck),
  );
}

function health(catalog: ConsulCatalog, name: string, query: URLSearchParams): unknown[] {
  const tags = query.getAll('tag');
  const passing = query.has('passing') && !['0', 'false'].includes(query.get('passing') ?? '');
  return instances(catalog, name)
    .filter(([, { Tags }]) => tags.every((tag) => Tags?.includes(tag)))
    .map(([{ node, checks }, service]) => ({
      Node: node,
      Service: readService(service),
      // The node's own first.
      Checks: [
        ...checksOf(checks, ''),
        ...(service.ID === '' ? [] : checksOf(checks, service.ID.toLowerCase())),
      ],
    }))
    .filter(({ Checks }) => !passing || Checks.every(({ Status }) => Status === 'passing'))
    .map(({ Checks, ...rest }) => ({ ...rest, Checks: Checks.map(readCheck) }));
}

/** Those of a service, or of the node itself. */
function checksOf(checks: Placed['checks'], service: string): CheckRecord[] {
  return [...checks.values()].filter(({ ServiceID }) => ServiceID.toLowerCase() === service);
}

function readService(service: ServiceRecord): object {
  return renderedService({ ...service, Tags: service.Tags ?? [] });
}

function readCheck(check: CheckRecord): object {
  return renderedCheck({ ...check, ServiceTags: check.ServiceTags ?? [] });
}
