import { type Check, error, warning } from '../check.ts';

export const zookeeperUnreachable: Check = {
  id: 'zookeeper-unreachable',
  group: 'ZooKeeper',
  well: 'every server of the ensemble is reached',
  async find(facts) {
    const servers = await facts.servers();
    const away = servers.filter(({ said }) => said instanceof Error);
    // While others are there, clients go on with those.
    const finding = away.length === servers.length ? error : warning;
    return away.map(({ server: { host, port }, said }) =>
      finding(
        `${host}:${port} can't be reached: ${said instanceof Error ? said.message || String(said) : said}`,
        'start it ("meshkeeper zookeeper" is one for this machine), correct --zookeeper, or look at the firewall',
      ),
    );
  },
};
