import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HostPort } from '../config/listen.ts';
import { route } from './route.ts';

/** Where else than for the API this replica listens. */
export interface Listening {
  readonly xds: HostPort;
  readonly dns: HostPort;
}

const listenerSchema = z
  .object({
    host: z
      .string()
      .optional()
      .describe('Without it: every address of its machine, that at which this was asked, too.'),
    port: z.int(),
  })
  .meta({ id: 'Listener' });

const listenersSchema = z.object({
  xds: listenerSchema.describe('For data planes, over gRPC.'),
  dns: listenerSchema.describe('By UDP and TCP.'),
});

/** Stand for all addresses of a machine. */
const EVERY = new Set(['', '0.0.0.0', '::']);

/** Where this replica listens: who knows the API knows the rest. */
export function listenersRoute(app: FastifyInstance, { xds, dns }: Listening): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/listeners',
    id: 'listListeners',
    tag: 'control plane',
    summary: 'Where this replica listens besides: for data planes, for DNS',
    role: 'viewer',
    answer: listenersSchema,
    example: {
      xds: { host: '127.0.0.1', port: 7071 },
      dns: { host: '127.0.0.1', port: 7053 },
    },
    handle: () => ({ xds: listenerView(xds), dns: listenerView(dns) }),
  });
}

function listenerView({ host, port }: HostPort) {
  return EVERY.has(host) ? { port } : { host, port };
}
