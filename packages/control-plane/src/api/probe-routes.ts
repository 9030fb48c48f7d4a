import type { RegistrySource } from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Metrics } from '../metrics/metrics.ts';
import { route } from './route.ts';
import { registryStateSchema } from './schemas/catalog-schemas.ts';
import { registryView } from './views.ts';

/** What the probes look at. */
export interface ProbeRoutesOptions {
  readonly sources: readonly RegistrySource[];
  readonly metrics: Metrics;
  /** True once a complete snapshot was published. */
  readonly ready: () => boolean;
}

/** For machines that watch over this one. */
export function probeRoutes(
  app: FastifyInstance,
  { sources, metrics, ready }: ProbeRoutesOptions,
): void {
  route(app, {
    method: 'GET',
    path: '/healthz',
    id: 'getHealth',
    tag: 'control plane',
    summary: 'Whether it runs',
    role: 'open',
    answer: z.object({ status: z.literal('ok') }),
    handle: () => ({ status: 'ok' as const }),
  });
  route(app, {
    method: 'GET',
    path: '/readyz',
    id: 'getReadiness',
    tag: 'control plane',
    summary: 'Whether it serves; 503 until it does',
    role: 'open',
    answer: readinessSchema,
    otherwise: { status: 503, answer: readinessSchema },
    handle(_request, reply) {
      const registries = sources.map(registryView);
      // What isn't read yet, and is served all the same, is what was served before a restart.
      const stale = registries.some(({ state }) => state !== 'live');
      if (!ready()) void reply.code(503);
      const status: z.output<typeof readinessSchema>['status'] = stale ? 'stale' : 'ready';
      // Stale is still ready: what was last known is served, and no data plane is better off without.
      return {
        status: ready() ? status : ('starting' as const),
        registries: registries.map(({ problems: _, ...registry }) => registry),
      };
    },
  });
  route(app, {
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'control plane',
    summary: 'Metrics, as Prometheus reads them',
    role: 'viewer',
    openOnLoopback: true,
    answer: z.string(),
    type: 'text/plain',
    async handle(_request, reply) {
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  });
}

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'stale', 'starting']),
    registries: z.array(registryStateSchema),
  })
  .describe('`stale`: what was last known is served.');
