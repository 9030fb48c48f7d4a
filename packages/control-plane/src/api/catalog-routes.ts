import type { Catalog, Endpoint, RegistrySource, Service } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DataPlanes } from '../convergence/data-planes.ts';
import type { BusEvent, EventBus } from '../events/event-bus.ts';
import { sendEvents } from './event-stream.ts';
import { serviceOf } from './lookup.ts';
import { isPaged, pageOf, pageQuery } from './page.ts';
import { isKnown } from './preconditions.ts';
import { endpointLoadView } from './proxy-views.ts';
import { route } from './route.ts';
import {
  endpointListSchema,
  oneServiceSchema,
  serviceListSchema,
  serviceParams,
} from './schemas/catalog-schemas.ts';
import { watchQuery } from './schemas/common-schemas.ts';
import { ServiceList } from './service-list.ts';
import { endpointView, oneServiceView, serviceView } from './views.ts';
import { ofService, watched } from './watched.ts';

/** What the catalog's routes show. */
export interface CatalogRoutesOptions {
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly xds: XdsServer;
  readonly dataPlanes: DataPlanes;
  readonly events: EventBus;
}

const watching = z.strictObject({ watch: watchQuery });
const listed = watching.extend(pageQuery);

/** Services and their endpoints. */
export function catalogRoutes(app: FastifyInstance, options: CatalogRoutesOptions): void {
  const { catalog, events } = options;
  const list = new ServiceList(catalog, options.sources, options.xds);
  const endpoints = (service: Service) => endpointsView(service, options);
  route(app, {
    method: 'GET',
    path: '/api/v1/services',
    id: 'listServices',
    tag: 'catalog',
    summary: 'The services, and the state of the registries',
    role: 'viewer',
    description: 'Its ETag is of what it says: `If-None-Match` answers 304 when it is that still.',
    query: listed,
    answer: serviceListSchema,
    events: serviceListSchema,
    unchanged: true,
    example: EXAMPLE,
    handle({ query: { watch, ...page }, raw }, reply) {
      if (isPaged(page, watch)) {
        const services = [...catalog.snapshot.services];
        const { items, ...next } = pageOf(services, ({ name }) => name, page, raw, reply);
        const shown = items.map((service) => serviceView(service, catalog));
        return { ...list.around(), services: shown, ...next };
      }
      const any = ({ kind }: BusEvent) => kind === 'service';
      if (watch !== undefined)
        return sendEvents(reply, (signal) => watched(events, any, () => list.view(), signal));
      const { body, etag } = list.sent();
      void reply.header('etag', etag);
      if (isKnown(raw, etag)) return reply.code(304).send();
      return reply.type('application/json; charset=utf-8').send(body);
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/services/:service',
    id: 'getService',
    tag: 'catalog',
    summary: 'One service',
    role: 'viewer',
    params: serviceParams,
    query: watching,
    answer: oneServiceSchema,
    events: oneServiceSchema,
    problems: ['unknown-service'],
    handle({ params, query: { watch } }, reply) {
      const first = oneServiceView(serviceOf(catalog, params.service), catalog);
      if (watch === undefined) return first;
      const state = () => {
        const service = catalog.snapshot.services.get(params.service);
        return service && oneServiceView(service, catalog);
      };
      return sendEvents(reply, (signal) =>
        watched(events, ofService(params.service), state, signal),
      );
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/services/:service/endpoints',
    id: 'listEndpoints',
    tag: 'catalog',
    summary: 'The endpoints of a service, with what registries, operators and data planes say',
    role: 'viewer',
    params: serviceParams,
    query: listed,
    answer: endpointListSchema,
    events: endpointListSchema,
    problems: ['unknown-service'],
    handle({ params, query: { watch, ...page }, raw }, reply) {
      const service = serviceOf(catalog, params.service);
      if (isPaged(page, watch)) {
        const { items, ...next } = pageOf(service.endpoints, endpointKey, page, raw, reply);
        return { ...endpoints({ ...service, endpoints: items }), ...next };
      }
      const first = endpoints(service);
      if (watch === undefined) return first;
      const state = () => {
        const service = catalog.snapshot.services.get(params.service);
        return service === undefined
          ? { service: params.service, endpoints: [] }
          : endpoints(service);
      };
      return sendEvents(reply, (signal) =>
        watched(events, ofService(params.service), state, signal),
      );
    },
  });
}

/** Two registries may have an endpoint of one id. */
function endpointKey({ id, address, port }: Endpoint): string {
  return `${id} ${address}:${port}`;
}

function endpointsView(service: Service, { catalog, dataPlanes }: CatalogRoutesOptions) {
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
