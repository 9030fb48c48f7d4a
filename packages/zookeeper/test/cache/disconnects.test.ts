import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultProxy, startFaultProxy, startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  ChildrenCache,
  connect,
  NodeCache,
  parseConnectString,
  TreeCache,
  type ZooKeeper,
} from '../../src/index.ts';
import { dump } from '../support/dump.ts';
import { randomWrites, seeded } from '../support/random-writes.ts';
import { Consumer } from './consumer.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_261);

/** Reads a znode, and again whenever its one-shot watch is told something. */
class OneShotFollower {
  current: string | undefined;
  readonly #zk: ZooKeeper;
  readonly #path: string;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.#path = path;
    this.read();
  }

  read(): void {
    const again = () => this.read();
    this.#zk
      .get(this.#path, { watch: again })
      .then(({ stat }) => {
        this.current = `${stat.czxid} ${stat.mzxid}`;
      })
      .catch(async (error) => {
        if (error.code !== 'NO_NODE') return error.retryable && this.read();
        this.current = undefined;
        const there = await this.#zk.exists(this.#path, { watch: again }).catch(() => true);
        if (there) this.read();
      });
  }
}

/** One way of losing a connection, at some moment of the traffic. */
async function disturb(proxy: FaultProxy, random: () => number): Promise<void> {
  const kind = random();
  if (kind < 0.5) proxy.cut();
  else if (kind < 0.8) {
    proxy.closeMidFrame(41 + Math.floor(random() * 3000)); // the next one breaks, too
    proxy.cut();
  } else {
    proxy.refuse();
    proxy.cut();
    await proxy.accept();
  }
}

const servers = {
  'Apache ZooKeeper': { start: () => startZooKeeper(), rounds: SOAK ? 500 : 12 },
  'embedded server': {
    start: () => startZooKeeperServer({ port: 0, tickTime: 500 }),
    rounds: SOAK ? 500 : 40,
  },
};

for (const [name, { start, rounds }] of Object.entries(servers)) {
  test(`after each of ${rounds} disconnects the caches are as ${name} is`, async (t) => {
    await using server = await start();
    const target = parseConnectString(server.connect).hosts[0]!;
    await using proxy = await startFaultProxy({ target });
    await using writer = await connect({ connect: server.connect, sessionTimeout: 10_000 });
    await using zk = await connect({
      connect: proxy.connect,
      sessionTimeout: 10_000,
      reconnectJitter: 5,
    });
    await writer.create('/t');
    const options = { auditInterval: 0 }; // nothing may hide a loss
    await using tree = await TreeCache.open(zk, '/t', options);
    await using children = await ChildrenCache.open(zk, '/t/a', options);
    await using node = await NodeCache.open(zk, '/t/b', options);
    await using consumer = new Consumer(tree);
    const oneShot = new OneShotFollower(zk, '/t/b');
    const random = seeded(SEED);
    const connections = proxy.accepted;
    for (let round = 0; round < rounds; round++) {
      const writing = randomWrites(writer, '/t', 60, random);
      await randomWrites(writer, '/t', Math.floor(random() * 20), random);
      await disturb(proxy, random);
      await writing;
      await Promise.all([tree.settled(), children.settled(), node.settled()]);
      const expected = await dump(writer, '/t');
      const where = `round ${round}, seed ${SEED}`;
      const kept = Array.from(tree.nodes(), ({ path, data, stat }) => [
        path,
        `${data} ${stat.czxid} ${stat.mzxid}`,
      ]);
      assert.deepEqual(Object.fromEntries(kept), expected, where);
      const inA = Object.keys(expected).flatMap((path) => /^\/t\/a\/(\w)$/.exec(path)?.[1] ?? []);
      assert.deepEqual(children.children().toSorted(), inA.sort(), where);
      assert.equal(node.get()?.stat.mzxid, tree.get('/t/b')?.stat.mzxid, where);
      const simple = Array.from(tree.nodes(), ({ path, data }) => [path, `${data}`]);
      await consumer.settled(Object.fromEntries(simple));
      await zk.sync();
      await zk.sync(); // after the read that an event before the first has set off
      const { stat } = tree.get('/t/b') ?? {};
      assert.equal(oneShot.current, stat && `${stat.czxid} ${stat.mzxid}`, where);
    }
    assert.equal(consumer.resets, 1);
    t.diagnostic(`${proxy.accepted - connections} connections, seed ${SEED}`);
  });
}
