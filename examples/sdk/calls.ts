/**
 * Two instances of a service, their endpoints as they come and go, and requests that are balanced over
 * them by the data plane inside of the caller.
 *
 *   node --conditions=source examples/sdk/calls.ts
 *
 * prints
 *
 *   greeter has 2 endpoints
 *   both have answered
 *   greeter has 1 endpoint
 *   20 more requests: 20 answers of the other one
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@meshkeeper/sdk';
import { home } from '../mesh.ts';

await using example = await home();
await using mesh = await connect(example.at);

async function greeter(name: string) {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return mesh.register({ service: 'greeter', address: '127.0.0.1', port, drain: { idle } });
  async function idle() {
    server.close();
    server.closeIdleConnections();
  }
}

const anna = await greeter('anna');
const bert = await greeter('bert');
const service = mesh.service('greeter');

for await (const { length } of service.endpoints()) if (length === 2) break;
console.log('greeter has 2 endpoints');

const ask = async () => (await mesh.fetch('http://greeter/')).text();
const answered = new Set<string>();
while (answered.size < 2) answered.add(await ask());
console.log('both have answered');

// Leaves as SIGTERM would make it: is taken out, serves on until callers know, then closes.
await bert.drain();
for await (const { length } of service.endpoints()) if (length === 1) break;
console.log('greeter has 1 endpoint');

const answers = await Promise.all(Array.from({ length: 20 }, ask));
const annas = answers.filter((name) => name === 'anna').length;
console.log(`20 more requests: ${annas} answers of the other one`);
await anna.drain();
