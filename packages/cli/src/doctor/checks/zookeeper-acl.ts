import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type Check, error, Unknown } from '../check.ts';

/** Where everything of Meshkeeper's own is. */
const OWN = '/meshkeeper';

export const zookeeperAcl: Check = {
  id: 'zookeeper-acl',
  group: 'ZooKeeper',
  well: `${OWN} can be read and written`,
  async find(facts) {
    const zk = await facts.zookeeper();
    const { state } = zk;
    if (state.type === 'connected' && state.readOnly)
      throw new Unknown('the ensemble is read-only');
    let above = OWN;
    try {
      // What will be created is created below what there is.
      if ((await zk.exists(OWN)) === null) above = '';
      if (above !== '') await zk.children(above);
      await tryWriting(zk, above);
      return [];
    } catch (cause) {
      if (isZooKeeperError(cause, 'NO_NODE')) throw new Unknown('the chroot is not there');
      if (!isZooKeeperError(cause, 'NO_AUTH')) throw cause;
      return [
        error(
          `the ACL of ${above || '/'} lets this session not do what a control plane does`,
          `look at "meshkeeper zk acl ${above || '/'}": it needs cdrwa there for who the control plane is`,
        ),
      ];
    }
  },
};

async function tryWriting(zk: ZooKeeper, above: string): Promise<void> {
  const { CreateMode } = await import('@meshkeeper/zookeeper');
  const { path } = await zk.create(`${above}/doctor-`, null, {
    mode: CreateMode.EPHEMERAL_SEQUENTIAL,
  });
  await zk.delete(path);
}
