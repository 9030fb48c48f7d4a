import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode } from '../../src/dubbo/url-encoding.ts';
import { curator, spring } from '../../src/index.ts';
import { znode } from '../znode.ts';
import { idsOf, nodesOf, reading, readingOf, servicesOf, urlNode } from './read.ts';

const greeter = 'io.meshkeeper.testbed.dubbo.Greeter';
const url = (parameters = '', at = 'dubbo://10.0.0.1:20880') =>
  `${at}/com.foo.A?application=shop&interface=com.foo.A${parameters}`;

/** The one endpoint of a URL. */
function endpointOf(text: string) {
  const read = reading();
  read.put(urlNode(text));
  const [service] = servicesOf(read).values();
  return service?.endpoints[0];
}

describe('what the real Dubbo has written', () => {
  test('a provider with everything', () => {
    const read = readingOf('interface');
    const [service] = servicesOf(read).values();
    assert.equal(service?.name, `${greeter}:1.0.0:g`);
    assert.equal(service?.protocol, 'dubbo');
    const [endpoint] = service?.endpoints ?? [];
    const { metadata, origin, warmup, ...rest } = endpoint!;
    assert.deepEqual(rest, {
      ...{ id: '10.0.0.1:20880', address: '10.0.0.1', port: 20_880, weight: 50 },
      ...{ health: 'unknown', locality: { region: '', zone: 'a', subzone: '' } },
    });
    assert.equal(warmup?.duration, 600_000);
    assert.ok(warmup!.from > 1_700_000_000_000);
    assert.equal(origin.registry, 'r');
    const { timeout, odd, protocol, methods } = metadata;
    assert.deepEqual(
      { timeout, odd, protocol, methods, tag: metadata['dubbo.tag'] },
      {
        timeout: '1500',
        odd: "a b*c!'()~é/",
        protocol: 'dubbo',
        methods: 'greet,pause',
        tag: 'gray',
      },
    );
    assert.equal(metadata['greet.timeout'], '300');
    assert.equal(metadata['greet.retries'], '0');
    assert.equal(metadata['greet.loadbalance'], 'roundrobin');
    assert.equal(metadata.timestamp, undefined);
    assert.equal(read.problems.size, 0);
  });

  test('both levels are one endpoint, with local metadata and with remote', () => {
    assert.deepEqual(idsOf(readingOf('all')), { [greeter]: ['10.0.0.1:20880'] });
    const read = readingOf('remote');
    const farewell = 'io.meshkeeper.testbed.dubbo.Farewell';
    const [dubbo, tri] = [['10.0.0.1:20880'], ['10.0.0.1:50051']];
    assert.deepEqual(idsOf(read), {
      [farewell]: tri,
      [`${farewell}:2.0.0`]: tri,
      [`${farewell}:2.0.0@dubbo`]: dubbo,
      [`${farewell}:2.0.0@tri`]: tri,
      [`${farewell}@dubbo`]: dubbo,
      [`${farewell}@tri`]: tri,
      [`${greeter}:1.0.0:g`]: tri,
      [`${greeter}:1.0.0:g@dubbo`]: dubbo,
      [`${greeter}:1.0.0:g@tri`]: tri,
    });
    assert.equal(read.service(`${greeter}:1.0.0:g`)?.protocol, 'grpc');
    assert.equal(read.service(`${greeter}:1.0.0:g@dubbo`)?.protocol, 'dubbo');
    assert.equal(read.problems.size, 0);
  });

  test('the application level alone says the same, but for what only a URL has', () => {
    const both = readingOf('remote');
    const alone = readingOf('remote');
    for (const { path } of nodesOf('remote')) if (path.includes('/providers/')) alone.remove(path);
    assert.deepEqual(idsOf(alone), idsOf(both));
    for (const [name, { endpoints }] of servicesOf(both)) {
      const [one] = endpoints;
      const [other] = alone.service(name)?.endpoints ?? [];
      assert.equal(other?.weight, one?.weight);
      assert.match(other?.origin.path ?? '', /^\/services\/shop\//);
      const { REGISTRY_CLUSTER: cluster, ...rest } = other?.metadata ?? {};
      assert.equal(cluster, 'default');
      assert.deepEqual(rest, one?.metadata);
    }
  });

  test('an application whose metadata nobody has told of is a problem, not a service', () => {
    const read = readingOf('instance');
    assert.deepEqual(idsOf(read), {});
    const [[path, problem] = []] = read.problems;
    assert.equal(path, '/services/shop/10.0.0.1:20880');
    assert.equal(problem?.code, 'incomplete');
    assert.deepEqual(problem?.services, [greeter]);
    assert.match(
      problem?.message ?? '',
      /^the interfaces of application shop revision \w{32} are unknown: its metadata service speaks dubbo, only tri can be asked; by the mapping it may be of io\.meshkeeper\.testbed\.dubbo\.Greeter$/,
    );
  });

  test('a registry group, where everything is below its root', () => {
    assert.deepEqual(idsOf(readingOf('registry-group')), {});
    const [root] = nodesOf('registry-group').map(({ path }) => path);
    const read = readingOf('registry-group', root);
    assert.ok(Object.values(idsOf(read)).flat().length > 0);
    assert.equal(read.problems.size, 0);
  });

  test('IPv6 addresses', () => {
    const read = readingOf('ipv6');
    assert.deepEqual(idsOf(read), {
      [greeter]: ['[2001:db8::1]:50051'],
      [`${greeter}@dubbo`]: ['[2001:db8::1]:20880'],
      [`${greeter}@tri`]: ['[2001:db8::1]:50051'],
    });
    assert.equal(read.service(greeter)?.endpoints[0]?.address, '2001:db8::1');
    // The instance is the same one, though it has another port.
    assert.equal(read.problems.size, 0);
  });

  test('consumers are none of the endpoints; what an ended application leaves is nothing', () => {
    assert.equal(Object.values(idsOf(readingOf('consumer'))).flat().length, 1);
    const left = readingOf('left');
    assert.deepEqual(idsOf(left), {});
    assert.equal(left.problems.size, 0);
  });

  test('rules are kept as they are, for the services that they are about', () => {
    const read = readingOf('rules');
    const name = `${greeter}:1.0.0:g`;
    assert.deepEqual([...read.applications(name)], ['shop']);
    const rules = read.rules.of(name, read.applications(name));
    assert.deepEqual(
      rules.map(({ rule }) => [
        rule.type === 'configuration' ? rule.kind : rule.type,
        rule.target.type,
      ]),
      [
        ['condition-router', 'service'],
        ['configurators', 'service'],
        ['tag-router', 'application'],
      ],
    );
    const configurators = rules[1]?.rule;
    assert.ok(configurators?.type === 'configuration');
    assert.match(configurators.text, /weight: 77/);
    assert.deepEqual(read.rules.of(greeter, new Set()), []);
    assert.equal(read.service(name)?.endpoints[0]?.weight, 77);
    for (const { path } of nodesOf('rules')) read.remove(path);
    assert.equal(read.rules.all.size, 0);
    assert.deepEqual([...read.names], []);
  });

  test('the mapping: who provides an interface', () => {
    const { mapping } = readingOf('all');
    assert.deepEqual(mapping.applications(greeter), ['shop']);
    assert.deepEqual(mapping.interfaces('shop'), [greeter]);
  });

  test("in /services, Spring's instances and Curator's are not ours", () => {
    const read = reading();
    const app = { service: 'dubbo', address: '10.0.0.1', port: 1 };
    for (const dialect of [spring, curator])
      for (const { path, data } of dialect.encode('/services', app, 5)) read.put(znode(path, data));
    read.put(znode('/services/app/broken', '{"name":'));
    assert.deepEqual(idsOf(read), {});
    assert.equal(read.problems.size, 0);
  });
});

describe('what becomes of a URL', () => {
  test('weights', () => {
    for (const [text, weight] of [
      ['', 100],
      ['&weight=0', 0],
      ['&weight=-5', 0],
      ['&weight=250', 250],
      ['&weight=99999999999', 1_000_000],
      ['&weight=many', 100],
      ['&weight=', 100],
      ['&default.weight=7', 7],
    ] as const)
      assert.equal(endpointOf(url(text))?.weight, weight, text);
  });

  test('warm-up', () => {
    assert.deepEqual(endpointOf(url('&timestamp=5'))?.warmup, { from: 5, duration: 600_000 });
    assert.deepEqual(endpointOf(url('&timestamp=5&warmup=9'))?.warmup, { from: 5, duration: 9 });
    for (const none of ['', '&timestamp=x', '&timestamp=5&warmup=0', '&warmup=9'])
      assert.equal(endpointOf(url(none))?.warmup, undefined);
  });

  test('who is not to be called', () => {
    for (const [text, health] of [
      ['', 'unknown'],
      ['&enabled=true', 'unknown'],
      ['&enabled=', 'unknown'],
      ['&enabled=false', 'draining'],
      ['&disabled=true', 'draining'],
      ['&disabled=false&enabled=false', 'unknown'],
    ] as const)
      assert.equal(endpointOf(url(text))?.health, health, text);
  });

  test('metadata: all parameters, without those of the process', () => {
    assert.deepEqual(
      endpointOf(url('&pid=1&timestamp=5&x=y&__proto__=p', 'rest://h:1/api'))?.metadata,
      {
        ...{ application: 'shop', interface: 'com.foo.A', x: 'y', protocol: 'rest' },
        ...{ path: 'api/com.foo.A' },
        ['__proto__']: 'p',
      },
    );
  });

  test('protocols', () => {
    const protocolOf = (name: string) => {
      const read = reading();
      read.put(urlNode(url('', `${name}://10.0.0.1:1`)));
      return read.service('com.foo.A')?.protocol;
    };
    assert.deepEqual(['dubbo', 'tri', 'grpc', 'rest', 'thrift', 'constructor'].map(protocolOf), [
      'dubbo',
      'grpc',
      'grpc',
      'http',
      'tcp',
      'tcp',
    ]);
  });

  test('what can not be used fails alone', () => {
    const read = reading();
    const at = `/dubbo/com.foo.A/providers`;
    const bad: Record<string, string> = {
      'no-url': 'malformed',
      '%': 'malformed',
      [encode('dubbo://h:1/com.foo.B?interface=com.foo.B')]: 'malformed',
      [encode('dubbo://h/com.foo.A')]: 'bad-address',
      [encode('dubbo://h:0/com.foo.A')]: 'bad-address',
      [encode('dubbo://:1/com.foo.A')]: 'bad-address',
      [encode('dubbo://h h:1/com.foo.A')]: 'bad-address',
      [encode(`dubbo://${'h'.repeat(255)}:1/com.foo.A`)]: 'bad-address',
      [encode(`dubbo://h:1/com.foo.A?a=${'x'.repeat(70_000)}`)]: 'too-large',
    };
    read.put(urlNode(url()));
    for (const name of Object.keys(bad)) read.put(znode(`${at}/${name}`));
    assert.deepEqual(
      [...read.problems.values()].map(({ code }) => code),
      Object.values(bad),
    );
    assert.deepEqual(idsOf(read), { 'com.foo.A': ['10.0.0.1:20880'] });
    for (const name of Object.keys(bad)) read.remove(`${at}/${name}`);
    assert.equal(read.problems.size, 0);
  });

  test('rules and consumers among the providers are nothing', () => {
    const read = reading();
    for (const other of ['override', 'consumer', 'empty', 'route'])
      read.put(urlNode(url('', `${other}://0.0.0.0:1`)));
    assert.deepEqual([idsOf(read), read.problems.size], [{}, 0]);
  });

  test('rules of old stand below their interface', () => {
    const read = reading();
    const override = 'override://0.0.0.0/com.foo.A?category=configurators&group=*&weight=5';
    assert.deepEqual([...read.put(urlNode(override, {}, 'configurators'))], []);
    read.put(urlNode('condition://0.0.0.0/com.foo.A?rule=%3D%3E', {}, 'routers'));
    read.put(znode('/dubbo/com.foo.A/routers/nothing'));
    const types = (name: string) =>
      read.rules.of(name, []).map(({ rule }) => rule.type === 'url' && rule.category);
    assert.deepEqual(types('com.foo.A'), ['configurators', 'routers']);
    assert.deepEqual(types('com.foo.A::g'), ['configurators']);
    assert.deepEqual(types('com.foo.B'), []);
    assert.deepEqual(
      [...read.problems.values()].map(({ code }) => code),
      ['not-applied', 'malformed'],
    );
  });
});

describe('one provider, several znodes', () => {
  const id = '10.0.0.1:20880';

  test('of two starts the newer counts, and the id stays', () => {
    const read = reading();
    const [old, young] = [5, 6].map((at) => urlNode(url(`&timestamp=${at}&weight=${at}`)));
    for (const node of [young!, old!]) read.put(node);
    const weightIs = (weight: number) => {
      const { endpoints } = read.service('com.foo.A')!;
      assert.deepEqual(
        endpoints.map((endpoint) => [endpoint.id, endpoint.weight]),
        [[id, weight]],
      );
    };
    weightIs(6);
    assert.deepEqual([...read.remove(old!.path)], ['com.foo.A']);
    weightIs(6);
    read.put(old!);
    read.remove(young!.path);
    weightIs(5);
    read.remove(old!.path);
    assert.equal(read.service('com.foo.A'), undefined);
  });

  test('a rule re-creates the URL with another weight: the younger znode counts', () => {
    const read = reading();
    read.put(urlNode(url('&timestamp=5&weight=50'), { czxid: 1n }));
    read.put(urlNode(url('&timestamp=5&weight=77'), { czxid: 2n }));
    assert.deepEqual(
      read.service('com.foo.A')?.endpoints.map((endpoint) => [endpoint.id, endpoint.weight]),
      [[id, 77]],
    );
  });

  test('an endpoint stays the same object as long as nothing changes', () => {
    const read = readingOf('all');
    const [before] = read.service(greeter)!.endpoints;
    read.put(urlNode(url('', 'dubbo://10.0.0.2:1')));
    assert.equal(read.service(greeter)!.endpoints[0], before);
  });
});

describe('several protocols', () => {
  const offer = (read: ReturnType<typeof reading>, protocol: string, host: number) =>
    read.put(urlNode(url('', `${protocol}://10.0.0.${host}:${protocol.length}00`)));

  test("while few speak the new one the service's own name stays with the old one", () => {
    const read = reading();
    for (let host = 1; host <= 10; host++) offer(read, 'dubbo', host);
    assert.deepEqual([...read.names], ['com.foo.A']);
    assert.equal(read.service('com.foo.A@dubbo'), undefined);
    assert.deepEqual([...offer(read, 'tri', 1)], ['com.foo.A', 'com.foo.A@dubbo', 'com.foo.A@tri']);
    for (let host = 2; host <= 7; host++) offer(read, 'tri', host);
    assert.equal(read.service('com.foo.A')?.protocol, 'dubbo');
    assert.equal(read.service('com.foo.A')?.endpoints.length, 10);
    assert.equal(read.service('com.foo.A@tri')?.endpoints.length, 7);
    offer(read, 'tri', 8);
    assert.equal(read.service('com.foo.A')?.protocol, 'grpc');
    assert.equal(read.service('com.foo.A@dubbo')?.endpoints.length, 10);
    assert.deepEqual([...read.names].sort(), ['com.foo.A', 'com.foo.A@dubbo', 'com.foo.A@tri']);
  });

  test('the last of a protocol takes the other names with it', () => {
    const read = reading();
    offer(read, 'dubbo', 1);
    offer(read, 'tri', 1);
    const node = urlNode(url('', 'tri://10.0.0.1:300'));
    assert.deepEqual([...read.remove(node.path)].sort(), [
      'com.foo.A',
      'com.foo.A@dubbo',
      'com.foo.A@tri',
    ]);
    assert.deepEqual([...read.names], ['com.foo.A']);
    assert.equal(read.service('com.foo.A@tri'), undefined);
  });

  test('as many of each: tri, grpc, rest, dubbo, others by name', () => {
    const read = reading();
    const own: unknown[] = [];
    for (const protocol of ['thrift', 'hessian', 'dubbo', 'rest', 'grpc', 'tri']) {
      offer(read, protocol, 1);
      own.push(read.service('com.foo.A')?.endpoints[0]?.metadata.protocol);
    }
    assert.deepEqual(own, ['thrift', 'hessian', 'dubbo', 'rest', 'grpc', 'tri']);
  });

  test('a protocol that is spoken besides, at the same port, is only for who asks for it', () => {
    const read = reading();
    read.put(urlNode(url('&ext.protocol=tri,dubbo,')));
    assert.deepEqual(idsOf(read), {
      'com.foo.A': ['10.0.0.1:20880'],
      'com.foo.A@dubbo': ['10.0.0.1:20880'],
      'com.foo.A@tri': ['10.0.0.1:20880'],
    });
    assert.equal(read.service('com.foo.A')?.protocol, 'dubbo');
    assert.equal(read.service('com.foo.A@tri')?.protocol, 'grpc');
  });
});
