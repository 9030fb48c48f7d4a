import type { FastifyInstance } from 'fastify';
import { consulRoute } from './route.ts';
import type { Sessions } from './sessions.ts';

/** Sessions, as Consul has them. */
export function sessionRoutes(app: FastifyInstance, sessions: Sessions): void {
  const put = (path: string, handle: Parameters<typeof consulRoute>[1]['handle']) =>
    consulRoute(app, { method: 'PUT', path, role: 'operator', handle });
  put('/v1/session/create', async ({ body }) => ({ ID: await sessions.create(body) }));
  put('/v1/session/destroy/:id', async ({ params: { id = '' } }) => {
    await sessions.destroy(id);
    return true;
  });
  put('/v1/session/renew/:id', async ({ params: { id = '' } }, reply) => {
    const session = await sessions.renew(id);
    if (session !== undefined) return [session];
    return reply.code(404).send(`Session id '${id}' not found`);
  });
  consulRoute(app, {
    ...{ method: 'GET', path: '/v1/session/info/:id', role: 'viewer' },
    async handle({ params: { id = '' } }) {
      const session = await sessions.info(id);
      return session === undefined ? [] : [session];
    },
  });
  consulRoute(app, {
    ...{ method: 'GET', path: '/v1/session/list', role: 'viewer' },
    handle: () => sessions.list(),
  });
}
