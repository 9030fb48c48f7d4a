import { connect } from '@meshkeeper/zookeeper';
import type { Client } from '../client.ts';

/** Ours, by its promises. */
export async function open(server: string): Promise<Client> {
  const zk = await connect({ connect: server });
  return {
    get: (path, done) => void zk.get(path).then(() => done(), done),
    set: (path, data, done) => void zk.set(path, data).then(() => done(), done),
    create: (path, data, done) => void zk.create(path, data).then(() => done(), done),
    delete: (path, done) => void zk.delete(path).then(() => done(), done),
    watch: (path, watch, done) => void zk.get(path, { watch }).then(() => done(), done),
    close: () => void zk.close(),
  };
}
