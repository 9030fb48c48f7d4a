/**
 * What the stack costs by itself: fastify that answers with bytes it was given, at once or when there are
 * others. `bare.ts BODY`; another value of `counter` comes with `POST /publish`. Says where.
 */
import Fastify, { type FastifyReply } from 'fastify';

const [body = ''] = process.argv.slice(2);
const app = Fastify();
const waiting = new Set<FastifyReply>();
let etag = '"-"';
let bytes = Buffer.from(body);
const answer = (reply: FastifyReply) =>
  reply.header('etag', etag).type('application/json; charset=utf-8').send(bytes);

app.get('/', (_request, reply) => void answer(reply));
app.get('/api/v1/config/shop/resolve', ({ headers }, reply) => {
  if (headers['if-none-match'] === etag) waiting.add(reply);
  else void answer(reply);
});
app.post<{ Body: { readonly value: number } }>('/publish', async ({ body: { value } }) => {
  etag = `"${value}"`;
  bytes = Buffer.from(body.replace(/("counter":\{"type":"text","value":")\d+/, `$1${value}`));
  const all = [...waiting];
  waiting.clear();
  for (const reply of all) void answer(reply);
  return {};
});
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
