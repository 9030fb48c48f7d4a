import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Check, error } from '../check.ts';

export const zookeeperName: Check = {
  id: 'zookeeper-name',
  group: 'ZooKeeper',
  well: "the servers' names have addresses",
  async find(facts) {
    const { hosts } = await facts.ensemble();
    const names = new Set(hosts.map(({ host }) => host).filter((host) => isIP(host) === 0));
    const unknown = await Promise.all(
      [...names].map(async (name) => {
        const code = await lookup(name).then(
          () => undefined,
          (cause: NodeJS.ErrnoException) => cause.code ?? String(cause),
        );
        return code === undefined ? [] : [{ name, code }];
      }),
    );
    return unknown
      .flat()
      .map(({ name, code }) =>
        error(
          `the name ${name} has no address here (${code})`,
          'correct the name in the connect string, or the DNS of this machine',
        ),
      );
  },
};
