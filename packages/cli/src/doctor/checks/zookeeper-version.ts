import { type Check, error, Unknown } from '../check.ts';

/** Persistent watches, which everything stands on, came with 3.6. */
const OLDEST = [3, 6] as const;

export const zookeeperVersion: Check = {
  id: 'zookeeper-version',
  group: 'ZooKeeper',
  well: 'every server is 3.6 or newer',
  async find(facts) {
    const servers = await facts.servers();
    const said = servers.flatMap(({ server, said }) => {
      const version = typeof said === 'string' ? /version: (\d+)\.(\d+)[\w.]*/i.exec(said) : null;
      return version === null ? [] : [{ server, version }];
    });
    if (said.length === 0) throw new Unknown('no server says its version: it does not answer srvr');
    return said
      .filter(({ version: [, major, minor] }) => {
        const [least, than] = OLDEST;
        return Number(major) < least || (Number(major) === least && Number(minor) < than);
      })
      .map(({ server: { host, port }, version: [text] }) =>
        error(
          `${host}:${port} is of ${text}, which has no persistent watches`,
          'bring it to 3.6 or newer; 3.9 is the one that Meshkeeper is tried with',
        ),
      );
  },
};
