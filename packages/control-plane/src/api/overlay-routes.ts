import type { Catalog } from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import type { OverlayStore } from '../overlays/overlay-store.ts';
import { overlayOf, overlaySchema } from '../overlays/stored.ts';
import { endpointOf, serviceOf } from './lookup.ts';
import { checkPreconditions, isKnown } from './preconditions.ts';
import { ApiError } from './problem.ts';
import { NO_CONTENT, route } from './route.ts';
import { endpointParams, overlayViewSchema, serviceParams } from './schemas/catalog-schemas.ts';

/** How long a write to ZooKeeper may take before the API says that it is away, in milliseconds. */
const WRITE_TIMEOUT = 5_000;

/** What operators say of endpoints and services, over what registries say. */
export function overlayRoutes(
  app: FastifyInstance,
  catalog: Catalog,
  overlays: OverlayStore,
): void {
  const overlayPath = '/api/v1/services/:service/endpoints/:id/overlay';
  route(app, {
    method: 'PUT',
    path: overlayPath,
    id: 'putOverlay',
    tag: 'catalog',
    summary: 'Drain an endpoint, or state its weight, health or metadata',
    role: 'operator',
    params: endpointParams,
    body: overlaySchema,
    bodyExample: { drain: true, label: 'ana', reason: 'new kernel' },
    answer: z.object({ service: z.string(), endpoint: z.string(), overlay: overlayViewSchema }),
    problems: [
      ...(['unknown-service', 'unknown-endpoint', 'zookeeper-unavailable'] as const),
      'precondition-failed',
    ],
    async handle({ params, body, caller, raw }, reply) {
      const endpoint = endpointOf(catalog, params.service, params.id);
      const overlay = overlayOf({ ...body, by: writtenBy(caller), at: Date.now() });
      const signal = AbortSignal.timeout(WRITE_TIMEOUT);
      const check = (tag: string | undefined) => checkPreconditions(raw, tag);
      const tag = await overlays.put(params.service, endpoint.id, overlay, signal, check);
      void reply.header('etag', tag);
      return { service: params.service, endpoint: endpoint.id, overlay };
    },
  });
  route(app, {
    method: 'DELETE',
    path: overlayPath,
    id: 'deleteOverlay',
    tag: 'catalog',
    summary: 'Take back what is said of an endpoint',
    role: 'operator',
    params: endpointParams,
    answer: NO_CONTENT,
    problems: ['zookeeper-unavailable', 'precondition-failed'],
    async handle({ params: { service, id }, raw }) {
      const check = (tag: string | undefined) => checkPreconditions(raw, tag);
      await overlays.delete(service, id, AbortSignal.timeout(WRITE_TIMEOUT), check);
      return undefined;
    },
  });
  route(app, {
    method: 'GET',
    path: overlayPath,
    id: 'getOverlay',
    tag: 'catalog',
    summary: 'What operators say of an endpoint; its ETag is for If-Match',
    role: 'viewer',
    params: endpointParams,
    answer: overlayViewSchema,
    problems: ['unknown-overlay'],
    async handle({ params: { service, id }, raw }, reply) {
      const found = await overlays.get(service, id, AbortSignal.timeout(WRITE_TIMEOUT));
      if (found === undefined)
        throw new ApiError('unknown-overlay', `nothing is said of "${service}" "${id}"`);
      void reply.header('etag', found.tag);
      return isKnown(raw, found.tag) ? reply.code(304).send() : found.overlay;
    },
  });

  const hold = async (service: string, held: boolean) => {
    // What operators hold may be gone but for that, and is released all the same.
    if (held) serviceOf(catalog, service);
    await overlays.hold(service, held, Date.now(), AbortSignal.timeout(WRITE_TIMEOUT));
  };
  const holdPath = '/api/v1/services/:service/hold';
  route(app, {
    method: 'PUT',
    path: holdPath,
    id: 'holdService',
    tag: 'catalog',
    summary: 'Serve its endpoints although their registry loses them',
    role: 'operator',
    params: serviceParams,
    answer: z.object({ service: z.string(), hold: z.boolean() }),
    problems: ['unknown-service', 'zookeeper-unavailable'],
    async handle({ params: { service } }) {
      await hold(service, true);
      return { service, hold: true };
    },
  });
  route(app, {
    method: 'DELETE',
    path: holdPath,
    id: 'releaseService',
    tag: 'catalog',
    summary: 'Let go what is held of a service',
    role: 'operator',
    params: serviceParams,
    answer: NO_CONTENT,
    problems: ['zookeeper-unavailable'],
    async handle({ params }) {
      await hold(params.service, false);
      return undefined;
    },
  });
}
