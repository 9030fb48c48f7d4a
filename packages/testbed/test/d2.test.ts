import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type D2,
  skipWithout,
  startD2,
  startZooKeeper,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper', 'd2');
let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
let d2: D2;
let web: Server;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  zk = await connectTo({ connect });
  d2 = await startD2({ connect });
  web = createServer(({ url }, response) => response.end(`here is ${url}`));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
});
after(async () => {
  web?.close();
  await Promise.all([d2?.close(), zk?.close()]);
  await zookeeper?.close();
});

test('a server is announced, called by the name of its service, and taken back', {
  skip,
}, async () => {
  const { port } = web.address() as AddressInfo; // of a TCP server
  await d2.configure({
    clusters: { Web: { services: { web: { path: '/web' } } } },
    serviceDefaults: { loadBalancerStrategyList: ['degraderV3'], prioritizedSchemes: ['http'] },
  });
  const uri = `http://127.0.0.1:${port}/context`;
  const key = await d2.announce({ cluster: 'Web', uri, weight: 1 });
  assert.equal(await d2.call('d2://web/page'), 'here is /context/web/page');
  const announced = async () => (await zk.children('/d2/uris/Web')).children;
  assert.deepEqual(await announced(), ['ephemoral-0000000000']);
  await d2.changeWeight(key, { weight: 2 });
  assert.deepEqual(await announced(), ['ephemoral-0000000001']);
  await d2.markDown(key);
  assert.deepEqual(await announced(), []);
  await d2.markUp(key);
  assert.deepEqual(await announced(), ['ephemoral-0000000002']);
});
