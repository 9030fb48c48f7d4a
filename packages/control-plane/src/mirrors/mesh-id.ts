import { randomBytes } from 'node:crypto';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';

const PATH = '/meshkeeper/mirror/mesh';
const ID = /^[0-9a-f]{12}$/;

/**
 * What the control planes on this ensemble are called in what they mirror: another mesh that mirrors
 * into the same tree, by a rule of the same name, is told apart.
 */
export async function meshId(zk: ZooKeeper, signal: AbortSignal): Promise<string> {
  for (;;) {
    try {
      const id = String((await zk.get(PATH, { signal })).data);
      if (ID.test(id)) return id;
      throw new Error(`${PATH} holds no name of a mesh: delete it`);
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
    try {
      await zk.create(PATH, randomBytes(6).toString('hex'), { parents: true, signal });
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    }
  }
}
