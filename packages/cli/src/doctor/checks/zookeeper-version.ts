import { type Check, error, type Finding, Unknown, warning } from '../check.ts';

/** Before it there is no creation of a znode that says what it created. */
const OLDEST = [3, 5] as const;
/** Persistent watches came with it: before it is polled. */
const GOOD = [3, 6] as const;

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
    return said.flatMap(({ server: { host, port }, version: [text, major, minor] }): Finding[] => {
      const isBefore = ([least, than]: readonly [number, number]) =>
        Number(major) < least || (Number(major) === least && Number(minor) < than);
      const seen = `${host}:${port} is of ${text}`;
      const todo = 'bring it to 3.6 or newer; 3.9 is the one that Meshkeeper is tried with';
      if (isBefore(OLDEST)) return [error(`${seen}: nothing can be written there`, todo)];
      if (!isBefore(GOOD)) return [];
      return [warning(`${seen}: without persistent watches it is polled, every 2 s`, todo)];
    });
  },
};
