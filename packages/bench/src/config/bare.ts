/** What the stack costs by itself: fastify that answers `/` with some bytes. `bare.ts BODY`. Says where. */
import Fastify from 'fastify';

const [body = ''] = process.argv.slice(2);
const app = Fastify();
app.get('/', (_request, reply) => {
  void reply.header('etag', '"bare"').type('application/json; charset=utf-8').send(body);
});
console.log(`${await app.listen({ host: '127.0.0.1', port: 0 })}/`);
