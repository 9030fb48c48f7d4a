import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dubboInterfaces,
  payloadClasses,
  skipWithout,
  startCurator,
  startDubbo,
  startFinagle,
  startZooKeeper,
  until,
} from '@meshkeeper/testbed';
import { startPlane } from './plane.ts';

const name = `${dubboInterfaces.greeter}:1.0.0:g`;
const patience = { timeout: 60_000 };

test('a real Dubbo consumer calls what Curator has registered; Curator and Finagle find what Dubbo has', {
  skip: skipWithout('zookeeper', 'dubbo', 'curator', 'finagle'),
}, async () => {
  await using zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  // Registers where no consumer of the other looks.
  await using provider = await startDubbo({
    ...{ connect, application: 'hidden', name: 'harry', registryGroup: 'elsewhere' },
    services: [{ group: 'g', version: '1.0.0', weight: 30 }],
  });
  await using consumer = await startDubbo({ connect, application: 'buyer', protocols: [] });
  await using curator = await startCurator({ connect, basePath: '/mirrored' });
  await using registrar = await startCurator({ connect, basePath: '/services' });
  await using plane = await startPlane({
    zookeeper: { connect },
    registries: [
      { name: 'spring', dialect: 'spring', root: '/services' },
      { name: 'elsewhere', dialect: 'dubbo', root: '/elsewhere' },
    ],
    mirror: [
      { from: { registry: 'elsewhere' }, to: { dialect: 'spring', root: '/mirrored' } },
      { from: { registry: 'spring' }, to: { dialect: 'dubbo', root: '/dubbo' } },
      { from: { registry: 'elsewhere' }, to: { dialect: 'serverset', root: '/sets' } },
    ],
  });

  const [mirrored] = await until(async () => {
    const found = await curator.query(name);
    return found.length > 0 && found;
  }, patience);
  const port = provider.ports.get('dubbo');
  assert.equal(mirrored?.port, port);
  const { payload } = mirrored!;
  assert.ok(typeof payload === 'object' && payload !== null);
  assert.equal(payload['@class'], payloadClasses.spring);
  assert.equal(payload.metadata.weight, '0.3');
  assert.match(payload.metadata['meshkeeper.mirror'] ?? '', /\/elsewhere-to-spring\/elsewhere$/);

  await using finagle = await startFinagle({ connect });
  await until(async () => {
    const { addresses = [] } = await finagle.resolve(`/sets/${name}`);
    return addresses.some((found) => found.port === port && found.address === mirrored!.address);
  }, patience);

  await assert.rejects(consumer.call({ group: 'g', version: '1.0.0' }));
  const metadata = { protocol: 'dubbo', methods: 'greet,pause' };
  const { id } = await registrar.register({
    ...{ name, id: 'one', address: mirrored!.address, port },
    payload: { '@class': payloadClasses.spring, id: 'a', name, metadata },
  });
  const answer = await until(
    () => consumer.call({ group: 'g', version: '1.0.0' }).catch(() => undefined),
    patience,
  );
  assert.match(String(answer), /harry greets world/);
  assert.deepEqual(
    (await plane.mirrors()).map(({ problems }) => problems),
    [[], [], []],
  );
  // The catalog has it once, and from where it was registered.
  assert.deepEqual(await plane.endpoints(name), [`${mirrored!.address}:${port}`]);
  await registrar.unregister(id);
});
