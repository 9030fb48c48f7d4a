/** Our DNS server, alone in its process: says its port. */
import { startDnsServer } from '@meshkeeper/dns';
import { diff, EMPTY_SNAPSHOT, ServiceMap } from '@meshkeeper/mesh';
import { services } from './world.ts';

const server = await startDnsServer({
  listen: { host: '127.0.0.1', port: 0 },
  logger: { debug() {}, warn() {} },
});
const snapshot = { ...EMPTY_SNAPSHOT, revision: 1, services: ServiceMap.from(services()) };
server.update(snapshot, diff(EMPTY_SNAPSHOT, snapshot));
console.log(server.address.port);
