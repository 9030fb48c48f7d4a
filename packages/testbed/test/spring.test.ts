import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Curator,
  payloadClasses,
  type Spring,
  skipWithout,
  standardUriSpec,
  startCurator,
  startSpring,
  startZooKeeper,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper', 'spring', 'curator');
let zookeeper: ZooKeeperServer;
let spring: Spring;
let curator: Curator;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  [spring, curator] = await Promise.all([startSpring({ connect }), startCurator({ connect })]);
});
after(async () => {
  await Promise.all([spring?.close(), curator?.close()]);
  await zookeeper?.close();
});

test('what Spring registers, its discovery client finds, and Curator reads', { skip }, async () => {
  const metadata = { zone: 'a' };
  const id = await spring.register({ name: 'web', address: '10.0.0.1', port: 8080, metadata });
  const expected = {
    ...{ id, name: 'web', host: '10.0.0.1', port: 8080, secure: false },
    uri: 'http://10.0.0.1:8080',
    metadata: { zone: 'a', instance_status: 'UP' },
  };
  assert.deepEqual(await spring.instances('web'), [expected]);
  const [read] = await curator.query('web');
  assert.deepEqual([read?.id, read?.address, read?.port], [id, '10.0.0.1', 8080]);
});

test('the status changes on the same instance', { skip }, async () => {
  const id = await spring.register({ name: 'api', id: 'a', address: '10.0.0.1', port: 1 });
  const statuses = async () =>
    (await spring.instances('api')).map(({ metadata }) => metadata.instance_status);
  await spring.setStatus(id, 'OUT_OF_SERVICE');
  assert.equal(await spring.status(id), 'OUT_OF_SERVICE');
  // The discovery client finds it; only the load balancer leaves it out.
  assert.deepEqual(await statuses(), ['OUT_OF_SERVICE']);
  await spring.setStatus(id, 'UP');
  assert.deepEqual(await statuses(), ['UP']);
  await spring.deregister(id);
  assert.deepEqual(await spring.instances('api'), []);
});

test("another's instance is read through Spring's own payload class", { skip }, async () => {
  await curator.register({
    ...{ name: 'theirs', id: 't', address: '10.0.0.2', port: 80, sslPort: 443 },
    payload: {
      '@class': payloadClasses.spring,
      id: 'theirs',
      name: 'theirs',
      metadata: { zone: 'é/1' },
    },
    uriSpec: standardUriSpec,
  });
  const [found] = await spring.instances('theirs');
  assert.deepEqual([found?.port, found?.secure], [443, true]);
  assert.deepEqual(found?.metadata, { zone: 'é/1' });
  assert((await spring.services()).includes('theirs'));
});
