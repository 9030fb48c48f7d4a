import type { Endpoint } from '@meshkeeper/mesh';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CatalogIndex } from './catalog-index.ts';
import { ConsulFault } from './consul-fault.ts';
import { DATACENTER } from './datacenter.ts';
import { blocking, type ConsulRequest, consulRoute, isSet } from './route.ts';

/** Loaded by the first who asks: most control planes have no clients of Consul's. */
const views = () => import('./catalog-view.ts');

/** What there is, as Consul tells it. Names may hold `/`, which clients don't always encode. */
export function catalogRoutes(app: FastifyInstance, catalog: CatalogIndex): void {
  const get = (path: string, handle: (request: ConsulRequest, reply: FastifyReply) => unknown) =>
    consulRoute(app, { method: 'GET', path, role: 'viewer', handle });
  const whole = async (request: ConsulRequest, reply: FastifyReply) => {
    known(catalog);
    await blocking(request, reply, catalog.waiting, () => catalog.index);
    return [...catalog.snapshot.services];
  };
  const one = async (request: ConsulRequest, reply: FastifyReply) => {
    known(catalog);
    const name = request.params['*'] ?? '';
    const index = await blocking(request, reply, catalog.waiting, () => catalog.indexOf(name));
    return { service: catalog.snapshot.services.get(name), index };
  };

  get('/v1/catalog/services', async (request, reply) => {
    const services = await whole(request, reply);
    const { tagsOf } = await views();
    return Object.fromEntries(services.map((service) => [service.name, tagsOf(service)]));
  });
  get('/v1/catalog/nodes', async (request, reply) => {
    const services = await whole(request, reply);
    const { nodeName, nodeView } = await views();
    const nodes = new Map<string, Endpoint>();
    for (const { endpoints } of services)
      for (const endpoint of endpoints) nodes.set(nodeName(endpoint), endpoint);
    return [...nodes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, endpoint]) => nodeView(endpoint, catalog.index));
  });
  get('/v1/catalog/service/*', async (request, reply) => {
    const { service, index } = await one(request, reply);
    if (service === undefined) return [];
    const { tag } = request.query;
    const { offersView } = await views();
    return offersView(service, index).filter(({ ServiceTags }) => hasAll(ServiceTags, tag));
  });
  get('/v1/health/service/*', async (request, reply) => {
    const { service, index } = await one(request, reply);
    if (service === undefined) return [];
    const { tag, passing } = request.query;
    const { healthView, statusOf } = await views();
    const fit = isSet(passing)
      ? { ...service, endpoints: service.endpoints.filter((each) => statusOf(each) === 'passing') }
      : service;
    return healthView(fit, index).filter(({ Service: { Tags } }) => hasAll(Tags, tag));
  });
  get('/v1/catalog/datacenters', () => [DATACENTER]);
  get('/v1/status/leader', () => '127.0.0.1:8300');
  get('/v1/status/peers', () => ['127.0.0.1:8300']);
  get('/v1/agent/self', () => ({
    Config: { Datacenter: DATACENTER, NodeName: 'meshkeeper', Version: '1.21.0', Server: true },
    Member: { Name: 'meshkeeper', Status: 1, Tags: {} },
    Stats: {},
  }));
}

/** An empty catalog would be believed. */
function known({ snapshot }: CatalogIndex): void {
  if (snapshot.revision === 0)
    throw new ConsulFault(500, 'No cluster leader: the catalog was not read yet');
}

function hasAll(tags: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag));
}
