/**
 * An instance of a service: `instance.ts [ZOOKEEPER SERVICE SESSION]`. It says its port when it serves,
 * and is registered as Curator does, for as long as its session lasts.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { encodeInstance, instancePath } from '@meshkeeper/registries';
import { CreateMode, connect, isZooKeeperError } from '@meshkeeper/zookeeper';
import { ROOT } from './root.ts';

const [zookeeper, service = '', session] = process.argv.slice(2);

const server = createServer((_, response) => {
  response.writeHead(200, { 'x-port': String(port) });
  response.end('ok');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
// A TCP server has an address of this kind.
const port = typeof address === 'object' && address ? address.port : 0;
if (zookeeper !== undefined) {
  const zk = await connect({ connect: zookeeper, sessionTimeout: Number(session) });
  await zk.create(`${ROOT}/${service}`).catch((error: unknown) => {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  });
  const id = randomUUID();
  const data = encodeInstance({
    ...{ name: service, id, address: '127.0.0.1', port, sslPort: null, payload: null },
    ...{ registrationTimeUTC: Date.now(), serviceType: 'DYNAMIC', uriSpec: null },
  });
  await zk.create(instancePath(ROOT, service, id), data, { mode: CreateMode.EPHEMERAL });
}
console.log(port);
