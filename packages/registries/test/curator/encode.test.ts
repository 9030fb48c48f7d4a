import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import {
  type Curator,
  type InstanceOptions,
  payloadClasses,
  skipWithout,
  standardUriSpec,
  startCurator,
  startZooKeeper,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type CuratorInstance,
  decodeInstance,
  encodeInstance,
  instancePath,
  SPRING_PAYLOAD_CLASS,
  STANDARD_URI_SPEC,
} from '../../src/index.ts';

const skip = skipWithout('zookeeper') || skipWithout('curator');
const awkward = 'q"uo\\te / größe 漢字 😀 \b\t\n\f\r\u0001\u001f\u007f</script>';

/** What is registered with the real Curator. */
const registered: Readonly<Record<string, InstanceOptions>> = {
  'a DYNAMIC one, with defaults': { name: 'plain', id: 'a', address: '10.0.0.1', port: 80 },
  'a STATIC one': {
    name: 'plain',
    id: 'b',
    address: 'host.example',
    port: 81,
    serviceType: 'STATIC',
  },
  'a PERMANENT one': {
    name: 'plain',
    id: 'c',
    address: '10.0.0.3',
    port: 82,
    serviceType: 'PERMANENT',
  },
  'one with sslPort only': { name: 'secure', id: 'a', address: '10.0.0.1', sslPort: 443 },
  'one with both ports': { name: 'secure', id: 'b', address: '::1', port: 80, sslPort: 443 },
  'a text payload': { name: 'text', id: 'a', address: '10.0.0.1', port: 80, payload: 'zone=b' },
  'awkward text': {
    name: `q"uo\\te größe`,
    id: 'é "x"',
    address: '::1',
    port: 80,
    payload: awkward,
  },
  'a Spring instance': {
    name: 'spring',
    id: 'uuid',
    address: '10.0.0.1',
    port: 8080,
    uriSpec: standardUriSpec,
    payload: {
      '@class': payloadClasses.spring,
      id: 'application-1',
      name: 'spring',
      metadata: { version: '1', [awkward]: awkward, instance_status: 'UP' },
    },
  },
  'a Dubbo application': {
    name: 'dubbo',
    id: '10.0.0.1:20880',
    address: '10.0.0.1',
    port: 20880,
    payload: {
      '@class': payloadClasses.dubbo,
      id: '10.0.0.1:20880',
      name: 'dubbo',
      metadata: { 'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"}]' },
    },
  },
};

/** The driver's type allows for payloads whose members are null; these have none. */
const bytes = (instance: Awaited<ReturnType<Curator['register']>>) =>
  encodeInstance(instance as CuratorInstance).toString();

describe("encodeInstance and Curator's serializer", { skip }, () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let curator: Curator;
  before(async () => {
    server = await startZooKeeper();
    zk = await connect({ connect: server.connect });
    curator = await startCurator({ connect: server.connect });
  });
  after(async () => {
    await curator?.close();
    await zk?.close();
    await server?.close();
  });

  for (const [what, options] of Object.entries(registered))
    test(`the bytes of ${what}`, async () => {
      const written = await curator.register(options);
      const path = instancePath('/services', options.name, written.id);
      const { data, stat } = await zk.get(path);
      assert.equal(bytes(written), data.toString());
      const decoded = decodeInstance({ registry: 'r', locality: NO_LOCALITY }, written.id, {
        path,
        data,
        stat,
      });
      assert.equal(decoded.type, 'instance');
    });

  test('an update keeps the form', async () => {
    const options = { name: 'updated', id: 'a', address: '10.0.0.1', port: 80 };
    await curator.register(options);
    const written = await curator.update({ ...options, payload: awkward });
    const { data } = await zk.get('/services/updated/a');
    assert.equal(bytes(written), data.toString());
  });

  test('`enabled`, where it is written', async () => {
    await using enabling = await startCurator({ connect: server.connect, writeEnabled: true });
    for (const enabled of [true, false]) {
      const id = `${enabled}`;
      const options = { name: 'enabling', id, address: '10.0.0.1', port: 80, enabled };
      const written = await enabling.register(options);
      assert.equal(written.enabled, enabled);
      const { data } = await zk.get(`/services/enabling/${id}`);
      assert.equal(bytes(written), data.toString());
    }
  });

  test('DYNAMIC_SEQUENTIAL: the znode has a number that the JSON has not', async () => {
    const options = { name: 'numbered', id: 'sq', address: '10.0.0.1', port: 80 };
    const written = await curator.register({ ...options, serviceType: 'DYNAMIC_SEQUENTIAL' });
    const { data } = await zk.get('/services/numbered/sq0000000000');
    assert.equal(bytes(written), data.toString());
    assert.equal(written.id, 'sq');
  });

  const instances: readonly CuratorInstance[] = [
    {
      name: 'ours',
      id: 'plain',
      address: '10.0.0.1',
      port: 80,
      sslPort: null,
      payload: null,
      registrationTimeUTC: 1_663_145_171_645,
      serviceType: 'DYNAMIC',
      uriSpec: null,
    },
    {
      name: 'ours',
      id: 'spring',
      address: 'fd00::1',
      port: null,
      sslPort: 8443,
      payload: {
        '@class': SPRING_PAYLOAD_CLASS,
        id: 'application-1',
        name: 'ours',
        metadata: { version: '1', [awkward]: awkward },
      },
      registrationTimeUTC: 0,
      serviceType: 'STATIC',
      uriSpec: STANDARD_URI_SPEC,
    },
    {
      name: 'ours',
      id: 'text',
      address: 'host.example',
      port: 65_535,
      sslPort: null,
      payload: awkward,
      registrationTimeUTC: 1,
      serviceType: 'PERMANENT',
      uriSpec: null,
      enabled: false,
    },
  ];

  test('Curator reads what it writes', async () => {
    await zk.create('/services/ours');
    for (const instance of instances)
      await zk.create(instancePath('/services', 'ours', instance.id), encodeInstance(instance));
    await using enabling = await startCurator({ connect: server.connect, writeEnabled: true });
    const read = await enabling.query('ours');
    const byId = new Map(read.map((instance) => [instance.id, instance]));
    for (const instance of instances)
      assert.deepEqual(byId.get(instance.id), { ...instance, enabled: instance.enabled ?? true });
  });

  test('Curator takes a port as text; here it is a problem', async () => {
    await zk.create('/services/lax');
    const data = Buffer.from('{"name":"lax","id":"a","address":"10.0.0.1","port":"80"}');
    const { path, stat } = await zk.create('/services/lax/a', data);
    assert.equal((await curator.query('lax'))[0]?.port, 80);
    assert.equal(
      decodeInstance({ registry: 'r', locality: NO_LOCALITY }, 'a', { path, data, stat }).type,
      'problem',
    );
  });
});
