import type { Catalog, RegistrySource } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import type { FastifyInstance } from 'fastify';
import type { DataPlanes } from '../convergence/data-planes.ts';
import { serviceOf } from './lookup.ts';
import { endpointLoadView } from './proxy-views.ts';
import { route } from './route.ts';
import {
  endpointListSchema,
  oneServiceSchema,
  serviceListSchema,
  serviceParams,
} from './schemas/catalog-schemas.ts';
import { endpointView, oneServiceView, registryView, serviceView } from './views.ts';

/** What the catalog's routes show. */
export interface CatalogRoutesOptions {
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly xds: XdsServer;
  readonly dataPlanes: DataPlanes;
}

/** Services and their endpoints. */
export function catalogRoutes(
  app: FastifyInstance,
  { catalog, sources, xds, dataPlanes }: CatalogRoutesOptions,
): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/services',
    id: 'listServices',
    tag: 'catalog',
    summary: 'The services, and the state of the registries',
    role: 'viewer',
    answer: serviceListSchema,
    example: EXAMPLE,
    handle: () => ({
      revision: catalog.snapshot.revision,
      services: [...catalog.snapshot.services]
        .map((service) => serviceView(service, catalog))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      registries: sources.map(registryView),
      unservable: xds.problems,
    }),
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/services/:service',
    id: 'getService',
    tag: 'catalog',
    summary: 'One service',
    role: 'viewer',
    params: serviceParams,
    answer: oneServiceSchema,
    problems: ['unknown-service'],
    handle: ({ params }) => oneServiceView(serviceOf(catalog, params.service), catalog),
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/services/:service/endpoints',
    id: 'listEndpoints',
    tag: 'catalog',
    summary: 'The endpoints of a service, with what registries, operators and data planes say',
    role: 'viewer',
    params: serviceParams,
    answer: endpointListSchema,
    problems: ['unknown-service'],
    handle({ params }) {
      const service = serviceOf(catalog, params.service);
      const loads = dataPlanes.loads.ofService(service.name, (name) =>
        catalog.snapshot.services.has(name),
      );
      return {
        service: service.name,
        endpoints: service.endpoints.map((endpoint) => ({
          ...endpointView(service.name, endpoint, catalog),
          ...(loads && { load: endpointLoadView(loads(endpoint.address, endpoint.port)) }),
        })),
      };
    },
  });
}

const EXAMPLE = {
  revision: 42,
  services: [
    {
      name: 'shop',
      protocol: 'http' as const,
      registries: ['spring'],
      endpoints: 3,
      healthy: 2,
      draining: 1,
      unhealthy: 0,
      held: 0,
    },
  ],
  registries: [{ name: 'spring', state: 'live' as const, problems: [] }],
  unservable: [],
};
