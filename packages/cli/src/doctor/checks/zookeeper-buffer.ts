import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { type Check, error, warning } from '../check.ts';

/** Of the buffer, from which on it is told before it is too late. */
const SHARE = 0.5;

export const zookeeperBuffer: Check = {
  id: 'zookeeper-buffer',
  group: 'ZooKeeper',
  well: 'lists of children are well below jute.maxbuffer',
  async find(facts) {
    const zk = await facts.zookeeper();
    const { maxBuffer } = facts.options;
    const roots = (await facts.registries()).flatMap(({ dialect, root }) => dialect.trees(root));
    const lists = await Promise.all(
      ['/', '/meshkeeper/config', '/meshkeeper/audit', ...roots].map(async (path) => {
        try {
          const { children } = await zk.children(path);
          const bytes = children.reduce((sum, name) => sum + 4 + Buffer.byteLength(name), 24);
          return { path, bytes, count: children.length };
        } catch (cause) {
          if (isZooKeeperError(cause, 'NO_NODE') || isZooKeeperError(cause, 'NO_AUTH'))
            return { path, bytes: 0, count: 0 };
          throw cause;
        }
      }),
    );
    return lists
      .filter(({ bytes }) => bytes > maxBuffer * SHARE)
      .map(({ path, bytes, count }) =>
        (bytes > maxBuffer ? error : warning)(
          `the list of the ${count} children of ${path} has ${bytes} bytes; jute.maxbuffer is ${maxBuffer}`,
          'raise jute.maxbuffer at every server and Java client, or spread the children over several znodes',
        ),
      );
  },
};
