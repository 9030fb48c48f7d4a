/**
 * A Fastify application as an instance of a service: registered when it listens, with a health path,
 * drained when it is told to end, taken out when it closes.
 *
 *   node --conditions=source examples/sdk/fastify.ts
 *
 * prints
 *
 *   {"hello":"anna"}
 *   health: {"status":"ok"}
 *   it has left
 */
import { connect } from '@meshkeeper/sdk';
import { meshkeeper } from '@meshkeeper/sdk/fastify';
import fastify from 'fastify';
import { home } from '../mesh.ts';

await using example = await home();
await using mesh = await connect({ ...example.at, service: 'hello' });

const app = fastify();
await app.register(meshkeeper, { mesh, address: '127.0.0.1' });
app.get<{ Params: { name: string } }>('/hello/:name', async ({ params }) => ({
  hello: params.name,
}));
await app.listen({ port: 0, host: '127.0.0.1' });

for await (const { length } of mesh.service('hello').endpoints()) if (length === 1) break;
console.log(await (await mesh.fetch('http://hello/hello/anna')).text());
console.log(`health: ${await (await mesh.fetch('http://hello/healthz')).text()}`);
await app.close();
console.log('it has left');
