import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Curator,
  payloadClasses,
  skipWithout,
  standardUriSpec,
  startCurator,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper', 'curator');
let zookeeper: ZooKeeperServer;
let curator: Curator;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  curator = await startCurator({ connect: zookeeper.connect });
});
after(async () => {
  await curator?.close();
  await zookeeper?.close();
});

test('a Spring instance is written byte for byte as Spring does', { skip }, async () => {
  await curator.register({
    name: 'web',
    id: 'web-1',
    address: '10.0.0.1',
    port: 8080,
    payload: {
      '@class': payloadClasses.spring,
      id: 'web',
      name: 'web',
      metadata: { zone: 'é/1', instance_status: 'UP' },
    },
    registrationTimeUTC: 1663145171645,
    uriSpec: standardUriSpec,
  });
  assert.equal(
    (await curator.get('/services/web/web-1')).toString(),
    '{"name":"web","id":"web-1","address":"10.0.0.1","port":8080,"sslPort":null,"payload":{"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance","id":"web","name":"web","metadata":{"zone":"é/1","instance_status":"UP"}},"registrationTimeUTC":1663145171645,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://","variable":false},{"value":"address","variable":true},{"value":":","variable":false},{"value":"port","variable":true}]}}',
  );
});

test('register, query, update, unregister', { skip }, async () => {
  const instance = { name: 'api', id: 'a', address: '10.0.0.2', port: 1, payload: 'blue' };
  const written = await curator.register(instance);
  assert.deepEqual(await curator.query('api'), [written]);
  assert.equal(written.uriSpec, null);
  const updated = await curator.update({ ...instance, payload: 'green' });
  assert.deepEqual(updated, { ...written, payload: 'green' });
  assert.deepEqual(await curator.query('api'), [updated]);
  assert((await curator.names()).includes('api'));
  await curator.unregister('a');
  assert.deepEqual(await curator.query('api'), []);
  await assert.rejects(curator.unregister('a'), { code: 'command-failed' });
});

test('a killed JVM leaves its instance until its session expires', { skip }, async () => {
  const { connect } = zookeeper;
  const other = await startCurator({ connect, sessionTimeout: 1_000, writeEnabled: true });
  await other.register({ name: 'db', id: 'd', address: '10.0.0.3', port: 5432, enabled: false });
  await assert.rejects(other.query('missing/../'), { code: 'command-failed' });
  await other.kill();
  await assert.rejects(other.query('db'), { code: 'closed' });
  assert.match((await curator.get('/services/db/d')).toString(), /,"enabled":false}$/);
  await until(async () => (await curator.query('db')).length === 0);
  await other.close();
});

test('locks exclude another Curator', { skip }, async () => {
  await using other = await startCurator({ connect: zookeeper.connect });
  assert.equal(await curator.acquire('/locks/a'), true);
  assert.equal(await other.acquire('/locks/a', { timeout: 50 }), false);
  const waiting = other.acquire('/locks/a');
  await curator.release('/locks/a');
  assert.equal(await waiting, true);
  await other.release('/locks/a');
});

test('znodes', { skip }, async () => {
  assert.equal(await curator.create('/raw/a', 'one'), '/raw/a');
  await curator.set('/raw/a', Buffer.from([0, 255]));
  assert.deepEqual(await curator.get('/raw/a'), Buffer.from([0, 255]));
  const path = await curator.create('/raw/s-', '', { mode: 'EPHEMERAL_SEQUENTIAL' });
  assert.match(path, /^\/raw\/s-\d{10}$/);
  assert((await zookeeper.ask('dump')).includes(await curator.sessionId()));
  await curator.delete('/raw/a');
  await assert.rejects(curator.get('/raw/a'), /NoNode/);
});

test('it reconnects after a restart of the server', { skip }, async () => {
  await zookeeper.restart();
  await until(() => curator.state === 'RECONNECTED');
  await curator.create('/after-restart');
});

test('a start without ZooKeeper fails', { skip }, async () => {
  const start = startCurator({ connect: '127.0.0.1:1', connectTimeout: 300 });
  await assert.rejects(start, { code: 'start-failed' });
});
