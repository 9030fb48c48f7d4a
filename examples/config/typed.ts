/**
 * Configuration that is typed by a schema and stays up to date; a value that doesn't fit never replaces a
 * good one.
 *
 *   node --conditions=source examples/config/typed.ts
 *
 * prints
 *
 *   begins with port 8080, 10 connections
 *   another port: 8080 -> 9090
 *   refused: server.port
 *   goes on with port 9090
 *   another port: 9090 -> 9091
 */
import { once } from 'node:events';
import { openConfig } from '@meshkeeper/config';
import { z } from 'zod';
import { home } from '../mesh.ts';
import { publisher } from './publisher.ts';

const schema = z.object({
  server: z.object({ port: z.int(), maxConnections: z.int().default(10) }),
});

await using example = await home();
const publish = publisher(example.at, 'typed-example');
await publish({ 'server.port': '8080' });

await using config = await openConfig({
  application: 'typed-example',
  schema,
  ...(example.at.server !== undefined && { server: example.at.server }),
});
const { port, maxConnections } = config.current.server;
console.log(`begins with port ${port}, ${maxConnections} connections`);

const events = new EventTarget();
config.onChange('server.port', (now, before) => {
  console.log(`another port: ${before} -> ${now}`);
  events.dispatchEvent(new Event('port'));
});
config.onStatus((status) => {
  if (status.state === 'rejected') events.dispatchEvent(new Event('rejected'));
});

const changed = once(events, 'port');
await publish({ 'server.port': '9090' });
await changed;

const rejected = once(events, 'rejected');
await publish({ 'server.port': 'ninety' });
await rejected;
if (config.status.state === 'rejected')
  console.log(`refused: ${config.status.faults.map(({ key }) => key).join(', ')}`);
console.log(`goes on with port ${config.current.server.port}`);

const again = once(events, 'port');
await publish({ 'server.port': '9091' });
await again;
