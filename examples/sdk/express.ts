/**
 * An Express application as an instance of a service: registered when it listens, with a health path,
 * drained when it is told to end.
 *
 *   node --conditions=source examples/sdk/express.ts
 *
 * prints
 *
 *   hello, anna
 *   health: {"status":"ok"}
 *   readiness: 503 {"status":"not ready"}
 *   it has left
 */
import { connect } from '@meshkeeper/sdk';
import { meshkeeper } from '@meshkeeper/sdk/express';
import express from 'express';
import { home } from '../mesh.ts';

await using example = await home();
await using mesh = await connect({ ...example.at, service: 'hello' });

let database = true;
const app = express();
const instance = meshkeeper(app, mesh, {
  address: '127.0.0.1',
  readiness: () => database,
  drain: { delay: 100 },
});
app.get('/hello/:name', (request, response) => {
  response.send(`hello, ${request.params.name}`);
});
app.listen(0, '127.0.0.1');

for await (const { length } of mesh.service('hello').endpoints()) if (length === 1) break;
console.log(await (await mesh.fetch('http://hello/hello/anna')).text());
console.log(`health: ${await (await mesh.fetch('http://hello/healthz')).text()}`);
database = false;
const ready = await mesh.fetch('http://hello/readyz');
console.log(`readiness: ${ready.status} ${await ready.text()}`);

// What SIGTERM does, but for the end of the process.
await instance.drain();
console.log('it has left');
