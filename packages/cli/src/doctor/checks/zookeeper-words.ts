import { fourLetterWord } from '../../four-letter-word.ts';
import { type Check, Unknown, warning } from '../check.ts';

export const zookeeperWords: Check = {
  id: 'zookeeper-words',
  group: 'ZooKeeper',
  well: 'the servers tell their figures (mntr)',
  async find(facts) {
    const servers = (await facts.servers()).filter(({ said }) => typeof said === 'string');
    if (servers.length === 0) throw new Unknown('no server is reached');
    const answers = await Promise.all(
      servers.map(async ({ server }) => ({
        server,
        answer: await fourLetterWord(server, 'mntr', 3_000).catch(String),
      })),
    );
    return answers
      .filter(({ answer }) => /not in the whitelist|not executed/.test(answer) || answer === '')
      .map(({ server: { host, port } }) =>
        warning(
          `${host}:${port} doesn't answer mntr: "meshkeeper zk mntr" shows nothing of it`,
          'allow it there: 4lw.commands.whitelist=srvr,mntr in zoo.cfg',
        ),
      );
  },
};
