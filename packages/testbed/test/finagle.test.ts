import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type Finagle,
  skipWithout,
  startFinagle,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper', 'finagle');
const path = '/sets/web';
let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
let finagle: Finagle;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  zk = await connectTo({ connect });
  finagle = await startFinagle({ connect });
});
after(async () => {
  await Promise.all([finagle?.close(), zk?.close()]);
  await zookeeper?.close();
});

test('members are resolved with the weights of the vectors, by endpoint', { skip }, async () => {
  const http = { host: '127.0.0.1', port: 80 };
  const key = await finagle.join({
    ...{ path, address: { host: '127.0.0.1', port: 8080 } },
    ...{ additional: { http }, shard: 7 },
  });
  await finagle.join({ path, address: { host: '127.0.0.2', port: 8080 }, shard: 8 });
  // A weight without a decimal point is not read.
  for (const [name, weight] of Object.entries({ one: 2.5, two: 3.5 })) {
    const vector = [{ select: 'shard=7', weight, priority: 1 }];
    await zk.create(`${path}/vector_${name}`, JSON.stringify({ vector }));
  }
  const expected = { '127.0.0.1': 8.75, '127.0.0.2': 1 };
  const weights = async () => {
    const { addresses = [] } = await finagle.resolve(path);
    return Object.fromEntries(addresses.map(({ address, weight }) => [address, weight]));
  };
  // The resolver settles for five seconds, and begins with one of the two perhaps.
  await until(async () => isDeepStrictEqual(await weights(), expected), { timeout: 60_000 });
  await until(async () => (await finagle.resolve(path, { endpoint: 'http' })).state === 'bound', {
    timeout: 60_000,
  });
  const named = await finagle.resolve(path, { endpoint: 'http' });
  assert.deepEqual(named.addresses, [{ address: '127.0.0.1', port: 80, weight: 8.75 }]);
  await finagle.leave(key);
  const members = (await zk.children(path)).children.filter((name) => name.startsWith('member_'));
  assert.equal(members.length, 1);
});
