import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FetchMetadata } from '../../src/dubbo/applications.ts';
import type { MetadataInfo, ServiceInfo } from '../../src/dubbo/metadata-info.ts';
import { znode } from '../znode.ts';
import { idsOf, reading, urlNode } from './read.ts';

interface InstanceOptions {
  readonly revision?: string;
  readonly storage?: string;
  readonly endpoints?: string;
  readonly params?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const PARAMS = '{"version":"2.0.0","port":"20880","protocol":"tri"}';

/** An instance of the application `shop`. */
function instance(host: string, options: InstanceOptions = {}) {
  const { revision = 'r1', storage = 'local', params = PARAMS, more } = options;
  const { endpoints = '[{"port":20880,"protocol":"tri"}]' } = options;
  const metadata = {
    'dubbo.endpoints': endpoints,
    'dubbo.metadata-service.url-params': params,
    'dubbo.metadata.revision': revision,
    'dubbo.metadata.storage-type': storage,
    timestamp: '5',
    ...more,
  };
  const payload = { '@class': 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance', metadata };
  const json = { name: 'shop', id: `${host}:20880`, address: host, port: 20_880, payload };
  return znode(`/services/shop/${host}:20880`, JSON.stringify(json));
}

function info(
  revision: string,
  ...services: (Partial<ServiceInfo> & { name: string })[]
): MetadataInfo {
  return {
    application: 'shop',
    revision,
    services: services.map((service) => ({
      ...{ group: '', version: '', protocol: 'tri', port: undefined, path: service.name },
      parameters: new Map(),
      ...service,
    })),
  };
}

/** A znode of metadata. */
function metadata(revision: string, ...names: string[]) {
  const services = Object.fromEntries(
    names.map((name) => [`${name}:tri`, { name, protocol: 'tri', port: 20_880, path: name }]),
  );
  const json = { app: 'shop', revision, services };
  return znode(`/dubbo/metadata/shop/${revision}`, JSON.stringify(json));
}

const remote = { storage: 'remote' };
const messagesOf = (read: ReturnType<typeof reading>) =>
  [...read.problems.values()].map(({ message }) => message);
const never = AbortSignal.timeout(60_000);

describe('instances of applications', () => {
  test('metadata may come before its instances, or after', () => {
    const after = reading();
    after.put(instance('10.0.0.1', remote));
    assert.deepEqual(messagesOf(after), [
      'the interfaces of application shop revision r1 are unknown: its metadata node is missing',
    ]);
    assert.deepEqual([...after.put(metadata('r1', 'A', 'B'))], ['A', 'B']);
    const before = reading();
    before.put(metadata('r1', 'A', 'B'));
    assert.deepEqual([...before.put(instance('10.0.0.1', remote))], ['A', 'B']);
    for (const read of [before, after]) {
      assert.deepEqual(idsOf(read), { A: ['10.0.0.1:20880'], B: ['10.0.0.1:20880'] });
      assert.equal(read.problems.size, 0);
    }
  });

  test('an instance offers what it did until its new revision is known', () => {
    const read = reading();
    read.put(metadata('r1', 'A'));
    read.put(instance('10.0.0.1', remote));
    read.put(instance('10.0.0.1', { ...remote, revision: 'r2' }));
    assert.deepEqual(idsOf(read), { A: ['10.0.0.1:20880'] });
    assert.match(messagesOf(read)[0] ?? '', /r2 are unknown: it still offers what it did before/);
    assert.deepEqual([...read.put(metadata('r2', 'B'))].sort(), ['A', 'B']);
    assert.deepEqual(idsOf(read), { B: ['10.0.0.1:20880'] });
    // The revision of an application that provides nothing.
    read.put(instance('10.0.0.1', { revision: '0' }));
    assert.deepEqual([idsOf(read), read.problems.size], [{}, 0]);
  });

  test('instances keep what a deleted znode has told of, and take it with them', () => {
    const read = reading();
    read.put(metadata('r1', 'A'));
    for (const host of ['10.0.0.1', '10.0.0.2']) read.put(instance(host, remote));
    read.remove('/dubbo/metadata/shop/r1');
    assert.deepEqual(idsOf(read), { A: ['10.0.0.1:20880', '10.0.0.2:20880'] });
    assert.deepEqual([...read.remove('/services/shop/10.0.0.1:20880')], ['A']);
    assert.deepEqual([...read.remove('/services/shop/10.0.0.2:20880')], ['A']);
    assert.deepEqual(idsOf(read), {});
    // A revision is what it was.
    assert.deepEqual([...read.put(instance('10.0.0.1', remote))], ['A']);
  });

  test('who comes back after all of it was deleted is known, whatever went first', () => {
    const paths = ['/dubbo/metadata/shop/r1', '/services/shop/10.0.0.1:20880'];
    for (const order of [paths, paths.toReversed()]) {
      const read = reading();
      read.put(metadata('r1', 'A'));
      read.put(instance('10.0.0.1', remote));
      for (const path of order) read.remove(path);
      assert.deepEqual(idsOf(read), {});
      assert.deepEqual([...read.put(instance('10.0.0.1', remote))], ['A']);
      assert.deepEqual(messagesOf(read), []);
    }
  });

  test('where a service is: its own port, its protocol, the instance', () => {
    const read = reading('/dubbo', async () => {
      throw new Error('not asked');
    });
    const services = {
      a: { name: 'Own', protocol: 'tri', port: 1 },
      b: { name: 'Protocol', protocol: 'tri' },
      c: { name: 'Instance', protocol: 'rest', port: -1 },
      d: { name: '', protocol: 'tri' },
      e: { name: 'NoProtocol' },
      f: 'no service',
    };
    read.put(znode('/dubbo/metadata/shop/r1', JSON.stringify({ services })));
    const endpoints = '[{"port":50051,"protocol":"tri"},{"port":0,"protocol":"x"},{}]';
    read.put(instance('10.0.0.1', { ...remote, endpoints }));
    assert.deepEqual(idsOf(read), {
      Instance: ['10.0.0.1:20880'],
      Own: ['10.0.0.1:1'],
      Protocol: ['10.0.0.1:50051'],
    });
  });

  test('what the instance states holds for services that do not state it', () => {
    const read = reading();
    read.put(instance('10.0.0.1', { ...remote, more: { weight: '7', 'dubbo.tag': 'gray' } }));
    const services = {
      a: { name: 'A', protocol: 'tri' },
      b: { name: 'B', protocol: 'tri', params: { weight: '9' } },
    };
    read.put(znode('/dubbo/metadata/shop/r1', JSON.stringify({ services })));
    const [a, b] = ['A', 'B'].map((name) => read.service(name)?.endpoints[0]);
    assert.deepEqual([a?.weight, b?.weight], [7, 9]);
    assert.equal(b?.metadata['dubbo.tag'], 'gray');
    assert.deepEqual(Object.keys(a?.metadata ?? {}).sort(), [
      'dubbo.tag',
      'path',
      'protocol',
      'weight',
    ]);
    assert.deepEqual(a?.warmup, { from: 5, duration: 600_000 });
  });

  test('an instance that is none any more offers nothing', () => {
    const read = reading();
    read.put(metadata('r1', 'A'));
    const { path } = instance('10.0.0.1', remote);
    read.put(instance('10.0.0.1', remote));
    assert.deepEqual([...read.put(znode(path, ''))], ['A']);
    assert.deepEqual(idsOf(read), {});
  });

  test('a revision that no instance has any more is unknown to nobody', () => {
    const read = reading();
    read.put(metadata('r2', 'A'));
    read.put(instance('10.0.0.1'));
    assert.equal([...read.wants].length, 1);
    read.put(instance('10.0.0.1', { revision: 'r2' }));
    assert.deepEqual([[...read.wants], read.problems.size], [[], 0]);
  });

  test('a URL of the same provider counts, and stands in where metadata is missing', () => {
    const read = reading();
    const node = urlNode('tri://10.0.0.1:20880/A?weight=3&timestamp=1');
    read.put(metadata('r1', 'A'));
    read.put(instance('10.0.0.1', remote));
    read.put(node);
    assert.equal(read.service('A')?.endpoints[0]?.weight, 3);
    // The interface level comes back ten seconds after the application level does.
    read.remove(node.path);
    assert.deepEqual(
      read.service('A')?.endpoints.map(({ id, weight }) => [id, weight]),
      [['10.0.0.1:20880', 100]],
    );
    read.put(node);
    read.put(instance('10.0.0.1', { ...remote, revision: 'r9' }));
    assert.equal(read.problems.size, 0);
  });

  test('what can not be used is a problem', () => {
    const read = reading();
    const path = '/services/shop/x';
    for (const json of [{ address: 'a b' }, { address: 'h', port: 0 }]) {
      const payload = { metadata: { 'dubbo.metadata.revision': 'r' } };
      read.put(znode(path, JSON.stringify({ name: 'shop', payload, ...json })));
      assert.equal(read.problems.get(path)?.code, 'bad-address');
    }
    read.put(znode(path, ''));
    assert.equal(read.problems.size, 0);
  });
});

describe('metadata that instances keep themselves', () => {
  test('is asked for once a revision, of any instance that can be asked', async () => {
    const asked: string[] = [];
    const fetch: FetchMetadata = async ({ host, revision }) => {
      asked.push(host);
      return info(revision, { name: 'A' });
    };
    const read = reading('/dubbo', fetch);
    for (const host of ['10.0.0.1', '10.0.0.2']) read.put(instance(host));
    const wants = [...read.wants];
    assert.deepEqual(
      wants.map(({ key }) => key),
      ['shop/r1'],
    );
    const take = await wants[0]!.fetch(never);
    assert.deepEqual([...take()], ['A']);
    assert.equal(asked.length, 1);
    assert.ok(['10.0.0.1', '10.0.0.2'].includes(asked[0]!));
    assert.deepEqual(idsOf(read), { A: ['10.0.0.1:20880', '10.0.0.2:20880'] });
    assert.deepEqual([...read.wants], []);
    read.put(instance('10.0.0.3'));
    assert.deepEqual([...read.wants], []);
  });

  test('is still known when all of the instances create their znodes again', async () => {
    const read = reading('/dubbo', async ({ revision }) => info(revision, { name: 'A' }));
    const node = instance('10.0.0.1');
    read.put(node);
    for (const { fetch } of read.wants) (await fetch(never))();
    read.remove(node.path);
    assert.deepEqual(idsOf(read), {});
    assert.deepEqual([...read.put(node)], ['A']);
    assert.deepEqual([...read.wants], []);
  });

  test('is not asked for where it can not be', () => {
    const read = reading();
    read.put(instance('10.0.0.1', { storage: 'remote', revision: 'a' }));
    read.put(instance('10.0.0.2', { params: '', revision: 'b' }));
    read.put(instance('10.0.0.3', { params: PARAMS.replace('tri', 'dubbo'), revision: 'c' }));
    read.put(instance('10.0.0.4', { params: PARAMS.replace('20880', '0'), revision: 'd' }));
    read.put(instance('10.0.0.5', { revision: '0' }));
    assert.deepEqual([...read.wants], []);
    assert.deepEqual(
      messagesOf(read).map((message) => message.replace(/^.*are unknown: /, '')),
      [
        'its metadata node is missing',
        'it does not say where its metadata service is',
        'its metadata service speaks dubbo, only tri can be asked',
        'it does not say where its metadata service is',
      ],
    );
  });

  test('is not asked for any more when nobody is left who could be asked', () => {
    const read = reading();
    const deaf = { params: PARAMS.replace('tri', 'dubbo') };
    read.put(instance('10.0.0.1', deaf));
    read.put(instance('10.0.0.2'));
    read.put(instance('10.0.0.3'));
    assert.equal([...read.wants].length, 1);
    read.put(instance('10.0.0.2', deaf));
    assert.equal([...read.wants].length, 1);
    read.remove('/services/shop/10.0.0.3:20880');
    assert.deepEqual([...read.wants], []);
    read.put(instance('10.0.0.2'));
    assert.equal([...read.wants].length, 1);
    read.put(instance('10.0.0.2', deaf));
    assert.deepEqual([...read.wants], []);
  });

  test('a failure is told, and over with the next success', async () => {
    let fail = true;
    const read = reading('/dubbo', async ({ revision }) => {
      if (fail) throw new Error('connection refused');
      return info(revision, { name: 'A' });
    });
    read.put(instance('10.0.0.1'));
    assert.match(messagesOf(read)[0] ?? '', /its metadata service has not answered yet$/);
    const [want] = read.wants;
    await assert.rejects(want!.fetch(never), /connection refused/);
    assert.match(messagesOf(read)[0] ?? '', /are unknown: connection refused$/);
    fail = false;
    assert.deepEqual([...(await want!.fetch(never))()], ['A']);
    assert.equal(read.problems.size, 0);
  });

  test('what comes after its instance has gone changes nothing', async () => {
    const read = reading('/dubbo', async ({ revision }) => info(revision, { name: 'A' }));
    read.put(instance('10.0.0.1'));
    const [want] = read.wants;
    const take = await want!.fetch(never);
    read.remove('/services/shop/10.0.0.1:20880');
    assert.deepEqual([...take()], []);
    assert.deepEqual(idsOf(read), {});
    await assert.rejects(want!.fetch(never), /no instance is left/);
  });
});
