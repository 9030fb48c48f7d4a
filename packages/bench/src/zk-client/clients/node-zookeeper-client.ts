import { once } from 'node:events';
import zookeeper from 'node-zookeeper-client';
import type { Client } from '../client.ts';

/** node-zookeeper-client, by its callbacks. */
export async function open(server: string): Promise<Client> {
  const zk = zookeeper.createClient(server);
  const connected = once(zk, 'connected');
  zk.connect();
  await connected;
  return {
    get: (path, done) => zk.getData(path, done),
    set: (path, data, done) => zk.setData(path, data, done),
    create: (path, data, done) => zk.create(path, data, done),
    delete: (path, done) => zk.remove(path, done),
    watch: (path, fired, done) => zk.getData(path, fired, done),
    close: () => zk.close(),
  };
}
