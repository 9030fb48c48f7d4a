/**
 * An instance of a service by a framework, for the test to end: `serve.ts SERVICE express|fastify`. Says its port on standard
 * output, and what it is, over HTTP. `listens`: the application listens to SIGTERM itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import fastify from 'fastify';
import { connect } from '../../src/index.ts';
import { meshkeeper as meshkeeperExpress } from '../../src/middleware/express.ts';
import { meshkeeper as meshkeeperFastify } from '../../src/middleware/fastify.ts';

const [service = '', framework, listens] = process.argv.slice(2);
const mesh = await connect({ service, sessionTimeout: 4_000 });
const options = { address: '127.0.0.1', drain: { delay: 400 } };
const WORK = 5;

if (listens) process.once('SIGTERM', () => process.stdout.write('the application was told\n'));

async function overExpress(): Promise<number> {
  const app = express();
  meshkeeperExpress(app, mesh, options);
  app.get('/work', async (_, response) => {
    await sleep(WORK);
    response.json({ pid: process.pid });
  });
  app.get('/slow', async (_, response) => {
    await sleep(1_000);
    response.json({ pid: process.pid });
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

async function overFastify(): Promise<number> {
  const app = fastify();
  await app.register(meshkeeperFastify, { ...options, mesh });
  app.get('/work', async () => {
    await sleep(WORK);
    return { pid: process.pid };
  });
  app.get('/slow', async () => {
    await sleep(1_000);
    return { pid: process.pid };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

const port = framework === 'express' ? await overExpress() : await overFastify();
process.stdout.write(`${JSON.stringify({ port, pid: process.pid })}\n`);
