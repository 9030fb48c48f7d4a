import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CreateMode } from '@meshkeeper/zookeeper';
import { decodeMetadata, encodeMetadata, revisionOf } from '../../src/dubbo/metadata-info.ts';
import { encode } from '../../src/dubbo/url-encoding.ts';
import { dubbo, type Registration, RegistryError } from '../../src/index.ts';
import { dataOf } from '../fixtures/znodes.ts';
import { asZNode, idsOf, nodesOf, reading, servicesOf, urlNode } from './read.ts';

const provider: Registration = {
  service: 'com.foo.A:1.0:g',
  address: '10.0.0.1',
  port: 20_880,
  metadata: { application: 'shop', methods: 'hi' },
};

describe('a provider is written as Dubbo writes it', () => {
  const written = ['all', 'remote', 'two-protocols', 'tri', 'static', 'ipv6', 'rules', 'consumer']
    .flatMap((fixture) => nodesOf(fixture))
    .filter(({ path }) => /\/providers\/./.test(path));

  test('what the real Dubbo has written is what comes of what was read of it', () => {
    assert.ok(written.length > 8);
    for (const node of written) {
      const read = reading();
      read.put(asZNode(node));
      const [service] = servicesOf(read).values();
      const [endpoint] = service?.endpoints ?? [];
      assert.ok(service !== undefined && endpoint !== undefined, node.path);
      const { name } = service;
      const { address, port, weight, metadata, warmup } = endpoint;
      const registration = { service: name, address, port, weight, metadata };
      const entries = dubbo.encode('/dubbo', registration, warmup?.from ?? 0);
      assert.deepEqual(
        entries.map(({ path, mode }) => [path, mode]),
        [[node.path, node.ephemeral ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT]],
      );
    }
  });

  test('who states little gets what Dubbo writes itself', () => {
    const [entry] = dubbo.encode('/dubbo', provider, 5);
    const url =
      'dubbo://10.0.0.1:20880/com.foo.A?application=shop&deprecated=false&dubbo=2.0.2&' +
      'dynamic=true&generic=false&group=g&interface=com.foo.A&methods=hi&' +
      'prefer.serialization=hessian2,fastjson2&release=3.3.6&revision=1.0&side=provider&' +
      'timestamp=5&version=1.0';
    assert.equal(entry?.path, urlNode(url).path);
    assert.deepEqual(entry?.data, Buffer.from('10.0.0.1'));
    assert.equal(entry?.parents, 'persistent');
  });

  test('protocol: of the metadata, of the name, of what the mesh speaks', () => {
    const protocolOf = (change: Partial<Registration>) =>
      decodeURIComponent(dubbo.encode('/dubbo', { ...provider, ...change }, 5)[0]?.path ?? '')
        .split('/providers/')[1]
        ?.split(':')[0];
    assert.equal(protocolOf({}), 'dubbo');
    assert.equal(protocolOf({ protocol: 'grpc' }), 'tri');
    assert.equal(protocolOf({ protocol: 'http' }), 'rest');
    assert.equal(protocolOf({ service: 'com.foo.A@rest', protocol: 'grpc' }), 'rest');
    assert.equal(protocolOf({ service: 'com.foo.A@rest', metadata: { protocol: 'x' } }), 'x');
    assert.throws(() => protocolOf({ protocol: 'tcp' }), { code: 'UNWRITABLE' });
  });

  test('weight, health, locality', () => {
    const of = (change: Partial<Registration>) => {
      const read = reading();
      for (const { path, data } of dubbo.encode('/dubbo', { ...provider, ...change }, 5))
        read.put(asZNode({ path, ephemeral: true, text: data.toString() }));
      return read.service(provider.service)?.endpoints[0];
    };
    assert.equal(of({ weight: 30.4 })?.weight, 30);
    assert.equal(of({ weight: 100 })?.metadata.weight, undefined);
    assert.equal(of({ health: 'draining' })?.health, 'draining');
    assert.equal(of({ health: 'healthy' })?.health, 'unknown');
    const locality = { region: 'r', zone: 'z', subzone: '' };
    assert.deepEqual(of({ locality })?.locality, locality);
    assert.equal(of({ address: 'fd00::1' })?.address, 'fd00::1');
  });

  test('what a URL would say differently is refused', () => {
    const changes: Partial<Registration>[] = [
      { metadata: { odd: 'a&b' } },
      { metadata: { odd: 'a;b' } },
      { metadata: { 'a=b': '' } },
      { metadata: { '': 'x' } },
      { metadata: { 'register-mode': 'both' } },
      { service: '' },
      { service: 'a?b' },
    ];
    for (const change of changes)
      assert.throws(() => dubbo.encode('/dubbo', { ...provider, ...change }, 5), RegistryError);
  });
});

describe('an application is written as Dubbo writes it', () => {
  const all = { ...provider.metadata, 'register-mode': 'all' };

  test('both levels, metadata and mapping', () => {
    const entries = dubbo.encode('/dubbo', { ...provider, metadata: all }, 5);
    const [url, instance, metadata, mapping] = entries;
    assert.match(url?.path ?? '', /metadata-type%3Dremote.*service-name-mapping%3Dtrue/);
    assert.equal(instance?.path, '/services/shop/10.0.0.1:20880');
    assert.equal(instance?.parents, 'container');
    const revision = metadata?.path.split('/').at(-1);
    assert.equal(metadata?.path, `/dubbo/metadata/shop/${revision}`);
    assert.equal(
      instance?.data.toString(),
      `{"name":"shop","id":"10.0.0.1:20880","address":"10.0.0.1","port":20880,"sslPort":null,"payload":{"@class":"org.apache.dubbo.registry.zookeeper.ZookeeperInstance","id":"10.0.0.1:20880","name":"shop","metadata":{"dubbo.endpoints":"[{\\"port\\":20880,\\"protocol\\":\\"dubbo\\"}]","dubbo.metadata.revision":"${revision}","dubbo.metadata.storage-type":"remote","meta-v":"1.0.0","timestamp":"5"}},"registrationTimeUTC":5,"serviceType":"DYNAMIC","uriSpec":null}`,
    );
    const { services } = JSON.parse(metadata!.data.toString());
    assert.deepEqual(services, {
      'g/com.foo.A:1.0:dubbo': {
        ...{ group: 'g', name: 'com.foo.A', path: 'com.foo.A', port: 20_880 },
        ...{ protocol: 'dubbo', version: '1.0' },
        params: {
          ...{ REGISTRY_CLUSTER: 'default', application: 'shop', deprecated: 'false' },
          ...{ dubbo: '2.0.2', dynamic: 'true', generic: 'false', group: 'g' },
          ...{ interface: 'com.foo.A', 'metadata-type': 'remote', methods: 'hi' },
          ...{ 'prefer.serialization': 'hessian2,fastjson2', release: '3.3.6', revision: '1.0' },
          ...{ 'service-name-mapping': 'true', side: 'provider', version: '1.0' },
        },
      },
    });
    assert.equal(mapping?.path, '/dubbo/mapping/com.foo.A');
    assert.equal(mapping?.data.toString(), 'shop');
    assert.deepEqual(
      [metadata?.mode, mapping?.mode, instance?.mode],
      [CreateMode.PERSISTENT, CreateMode.PERSISTENT, CreateMode.EPHEMERAL],
    );
  });

  test('an instance of the real Dubbo is written to the letter', () => {
    const node = nodesOf('remote').find(({ path }) => path.startsWith('/services/shop/'));
    const json = JSON.parse(dataOf(node!).toString());
    const [entry] = dubbo.encode(
      '/dubbo',
      { ...provider, metadata: { ...all, 'register-mode': 'instance' } },
      json.registrationTimeUTC,
    );
    // What it provides and since when isn't the same; the form of it all is.
    const rest = (text: string) =>
      text
        .replace(/"dubbo.endpoints":"(\\"|[^"])*"/, '')
        .replace(/"dubbo.metadata.revision":"\w+"/, '')
        .replace(/"meta-v":"[\d.]+","timestamp":"\d+"/, '');
    assert.equal(rest(entry?.data.toString() ?? ''), rest(dataOf(node!).toString()));
  });

  test('with a registry group everything is below its root', () => {
    const entries = dubbo.encode('/abc', { ...provider, metadata: all }, 5);
    for (const { path } of entries) assert.ok(path.startsWith('/abc/'), path);
    assert.equal(entries[1]?.path, '/abc/shop/10.0.0.1:20880');
  });

  test('what many share is added to, once', () => {
    const entries = dubbo.encode('/dubbo', { ...provider, metadata: all }, 5);
    const [, , metadata, mapping] = entries;
    const merged = (data: string) => mapping?.merge?.(Buffer.from(data), mapping.data)?.toString();
    assert.equal(merged('other'), 'other,shop');
    assert.equal(merged(''), 'shop');
    assert.equal(merged('other,shop'), undefined);
    assert.equal(merged('shop2'), 'shop2,shop');
    assert.equal(metadata?.merge?.(Buffer.from('{}'), metadata.data), undefined);
    assert.equal(entries[0]?.merge, undefined);
  });

  test('a revision is what Dubbo calls it', () => {
    const node = nodesOf('remote').find(({ path }) => /\/metadata\/shop\/\w{32}$/.test(path));
    const info = decodeMetadata(dataOf(node!));
    assert.ok(info !== undefined && info.services.length === 6);
    assert.equal(revisionOf(info.application, info.services), info.revision);
    assert.equal(revisionOf('shop', []), '0');
    // The same, but for the order of the parameters.
    assert.deepEqual(
      JSON.parse(encodeMetadata(info).toString()),
      JSON.parse(dataOf(node!).toString()),
    );
  });

  test('what was written is one endpoint when it is read', () => {
    const read = reading();
    for (const { path, data } of dubbo.encode('/dubbo', { ...provider, metadata: all }, 5))
      read.put(asZNode({ path, ephemeral: true, text: data.toString() }));
    assert.deepEqual(idsOf(read), { 'com.foo.A:1.0:g': ['10.0.0.1:20880'] });
    assert.equal(read.problems.size, 0);
  });
});

describe('what is registered is revised', () => {
  const url = 'dubbo://10.0.0.1:20880/com.foo.A?interface=com.foo.A&odd=100%25 & =&timestamp=5';
  const entry = { path: urlNode(url).path, data: Buffer.from('10.0.0.9') };
  const revised = (change: Parameters<typeof dubbo.revise>[1]) => dubbo.revise(entry, change);

  test('a URL has another name, and nothing else is changed', () => {
    const { path, data } = revised({ weight: 20, metadata: { 'dubbo.tag': 'gray' } });
    assert.equal(
      path,
      urlNode(
        'dubbo://10.0.0.1:20880/com.foo.A?dubbo.tag=gray&interface=com.foo.A&odd=100%25 & =&timestamp=5&weight=20',
      ).path,
    );
    assert.equal(data, entry.data);
    assert.equal(revised({}).path, entry.path);
    // What an endpoint's metadata says besides the URL's parameters.
    assert.equal(revised({ metadata: { protocol: 'dubbo', path: 'x' } }).path, entry.path);
    assert.equal(revised({ weight: 100 }).path, entry.path);
    assert.equal(revised({ health: 'healthy' }).path, entry.path);
  });

  test('what the real Dubbo has written, with the weight that its rule gave it', () => {
    const after = nodesOf('rules').find(({ path }) => /\/providers\/./.test(path));
    const before = { path: after!.path.replace('%26weight%3D77', ''), data: Buffer.of() };
    assert.notEqual(before.path, after!.path);
    assert.equal(dubbo.revise(before, { weight: 77 }).path, after!.path);
  });

  test('out of service and back', () => {
    const out = revised({ health: 'draining' });
    assert.equal(out.path, entry.path.replace('%3Finterface', '%3Fenabled%3Dfalse%26interface'));
    assert.equal(dubbo.revise(out, { health: 'healthy' }).path, entry.path);
  });

  test('a path that is no URL, a value that no URL holds', () => {
    const bad = { path: '/dubbo/I/providers/x', data: Buffer.of() };
    assert.throws(() => dubbo.revise(bad, { weight: 1 }), { code: 'UNWRITABLE' });
    assert.throws(() => revised({ metadata: { a: 'x&y' } }), { code: 'UNWRITABLE' });
    const empty = { path: '/services/shop/1', data: Buffer.of() };
    assert.throws(() => dubbo.revise(empty, { weight: 1 }), { code: 'UNWRITABLE' });
  });

  test('an instance keeps what nobody knows here, and its metadata sorted', () => {
    const node = nodesOf('all').find(({ path }) => path.startsWith('/services/shop/'));
    const text = dataOf(node!).toString();
    const strange = Buffer.from(text.replace('"uriSpec":null', '"uriSpec":null,"new":{"a":[1]}'));
    const { path, data } = dubbo.revise(
      { path: node!.path, data: strange },
      { weight: 5, metadata: { 'dubbo.tag': 'gray' }, health: 'draining' },
    );
    assert.equal(path, node!.path);
    assert.equal(
      data.toString(),
      strange
        .toString()
        .replace('"meta-v"', '"dubbo.tag":"gray","enabled":"false","meta-v"')
        .replace(/("timestamp":"\d+")/, '$1,"weight":"5"'),
    );
    const same = dubbo.revise({ path, data }, {}).data;
    assert.deepEqual(same, data);
  });
});

test('encode: a path has the interface encoded as well', () => {
  const [entry] = dubbo.encode('/dubbo', { ...provider, service: 'a b' }, 5);
  assert.ok(entry?.path.startsWith(`/dubbo/${encode('a b')}/providers/`));
});
