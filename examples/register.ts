/**
 * Registers an HTTP server as Curator would, keeps it registered, and follows the others.
 *
 *   node --conditions=source examples/register.ts
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { encodeInstance, instancePath, watchTree } from '@meshkeeper/registries';
import { CreateMode, connect, isZooKeeperError } from '@meshkeeper/zookeeper';
import { ensemble } from './ensemble.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const server = createServer((_, response) => response.end('hello\n')).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;

// `renew`: after an expiry there is a new session, in which we register again.
await using registry = await ensemble();
await using zk = await connect(
  { connect: registry.connect, onExpired: 'renew' },
  { signal: stop.signal },
);
const path = instancePath('/discovery', 'greeter', `greeter-${port}`);
const instance = encodeInstance({
  name: 'greeter',
  id: `greeter-${port}`,
  address: '127.0.0.1',
  port,
  sslPort: null,
  payload: null,
  registrationTimeUTC: Date.now(),
  serviceType: 'DYNAMIC',
  uriSpec: null,
});

async function register(): Promise<void> {
  try {
    await zk.create(path, instance, { mode: CreateMode.EPHEMERAL, parents: true });
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
  console.log(`registered ${path}`);
}

async function keepRegistered(): Promise<void> {
  for await (const state of zk.states({ signal: stop.signal }))
    if (state.type === 'connected') await register();
}

async function follow(): Promise<void> {
  const unreadable = (at: string) => console.error(`can't read ${at}`);
  for await (const event of watchTree(zk, '/discovery', { signal: stop.signal, unreadable })) {
    if (event.type === 'complete') console.log('that is all there is');
    if (event.type === 'changes') for (const node of event.upserted) console.log(`+ ${node.path}`);
  }
}

await Promise.all([keepRegistered(), follow()]);
server.close();
