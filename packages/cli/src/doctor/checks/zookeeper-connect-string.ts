import { type Check, error, warning } from '../check.ts';

export const zookeeperConnectString: Check = {
  id: 'zookeeper-connect-string',
  group: 'ZooKeeper',
  well: 'the connect string can be read',
  async find(facts) {
    const { parseConnectString } = await import('@meshkeeper/zookeeper');
    const text = await facts.connectText();
    try {
      const { hosts } = parseConnectString(text);
      const names = hosts.map(({ host, port }) => `${host}:${port}`);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice === undefined) return [];
      return [warning(`${twice} stands twice in "${text}"`, 'name each server once')];
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      return [error(message, 'write host:port,host:port, and a chroot as /path behind them')];
    }
  },
};
