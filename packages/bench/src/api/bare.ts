/**
 * What the stack costs by itself: a fastify server that answers with bytes it was given, and sends
 * text to all who follow `/events`. Takes them with `PUT /record`; says its port.
 */
import type { ServerResponse } from 'node:http';
import Fastify from 'fastify';
import type { Publication, Recorded } from './protocol.ts';

const app = Fastify({ bodyLimit: 64 * 1024 * 1024, forceCloseConnections: true });
const answers = new Map<string, Recorded>();
const followers = new Set<ServerResponse>();
const JSON_TYPE = 'application/json; charset=utf-8';

for (const [method, url] of [
  ['GET', '/api/v1/services'],
  ['GET', '/api/v1/services/:service'],
  ['GET', '/api/v1/services/:service/endpoints'],
  ['POST', '/api/v1/services/:service/endpoints/:id/heartbeat'],
  ['PUT', '/api/v1/locks/:name/:holder'],
  ['POST', '/api/v1/policies/apply'],
] as const)
  app.route({
    ...{ method, url },
    handler(_request, reply) {
      const found = answers.get(`${method} ${url}`);
      return reply
        .code(found?.status ?? 404)
        .type(JSON_TYPE)
        .send(found?.body ?? '');
    },
  });

app.put<{ Body: Recorded }>('/record', async ({ body }) => {
  answers.set(`${body.method} ${body.path}`, body);
  return {};
});
app.get('/events', (_request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  reply.raw.write('event: ready\ndata: {}\n\n');
  followers.add(reply.raw);
  reply.raw.on('close', () => followers.delete(reply.raw));
});
app.post<{ Body: Publication }>('/publish', async ({ body: { event, times } }) => {
  for (let i = 0; i < times; i++) {
    for (const follower of followers) follower.write(event);
    // Each by itself, as changes come.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {};
});
console.log(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
