import { type Check, error } from '../check.ts';

export const zookeeperChroot: Check = {
  id: 'zookeeper-chroot',
  group: 'ZooKeeper',
  well: "the connect string's chroot is there",
  async find(facts) {
    const { chroot } = await facts.ensemble();
    const zk = await facts.zookeeper();
    if (chroot === '/' || (await zk.exists('/')) !== null) return [];
    return [
      error(
        `the chroot ${chroot} is not there`,
        `correct it in the connect string, or create it: meshkeeper zk create --parents ${chroot} --zookeeper HOST:PORT`,
      ),
    ];
  },
};
