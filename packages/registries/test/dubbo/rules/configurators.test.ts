import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT, DEMO, providers } from './world.ts';

/** A rule of the service, with one config. */
const ofService = (config: string, head = '') =>
  `configVersion: v3.0\nscope: service\nkey: ${DEMO}\nenabled: true\n${head}configs:\n${config}`;
const ofApplication = (application: string, config: string) =>
  `configVersion: v2.7\nscope: application\nkey: ${application}\nenabled: true\nconfigs:\n${config}`;
const key = `${DEMO}::.configurators`;

describe('settings of the URL', () => {
  test('timeout, retries and load balancing, also by method, with the znode that says so', () => {
    const demo = providers([
      1,
      '&timeout=1000&retries=1&sayHello.timeout=300&loadbalance=leastactive',
    ]);
    assert.deepEqual(demo.settings(), [1_000, 1, 'least-request']);
    assert.deepEqual(demo.settings({ method: 'sayHello' }), [300, 1, 'least-request']);
    const { policy, endpoints } = demo.service();
    const path = endpoints[0]?.origin.path;
    assert.deepEqual(policy?.perTryTimeout, { value: 1_000, origin: { source: 'r', path } });
  });

  test('what is no method, no number or not known is left alone; failfast does not retry', () => {
    const odd =
      '&heartbeat.timeout=1&other.timeout=2&timeout=soon&retries=99999999999&loadbalance=x';
    assert.equal(providers([1, odd]).service().policy, undefined);
    assert.deepEqual(providers([1, '&retries=-1']).settings(), [undefined, 0, undefined]);
    assert.deepEqual(providers([1, '&retries=3&cluster=failfast']).settings()[1], 0);
    assert.deepEqual(providers([1, '&retries=3&cluster=failover']).settings()[1], 3);
  });

  test('where providers differ what most of them state counts, of as many the larger', () => {
    assert.equal(providers([1, '&timeout=900'], [2, '&timeout=500'], 3).settings()[0], 900);
    assert.equal(providers([1, '&timeout=500'], [2, '&timeout=900']).settings()[0], 900);
    assert.equal(providers([1, '&timeout=80'], [2, '&timeout=9']).settings()[0], 80);
    const most = providers([1, '&timeout=900'], [2, '&timeout=500'], [3, '&timeout=500']);
    assert.equal(most.settings()[0], 500);
  });

  test('read again with the same content it is the same policy', () => {
    const world = providers([1, '&timeout=900']);
    const { policy } = world.service();
    assert.ok(policy !== undefined);
    world.provide(2);
    assert.equal(world.service().policy, policy);
  });
});

describe('configurators of a service', () => {
  test('a weight for some providers: the endpoint keeps its identity, and shows who says so', () => {
    const world = providers(1, 2, [3, '&weight=50']);
    const before = world.service().endpoints;
    const rule = ofService(
      '  - side: provider\n    addresses: ["10.0.0.1"]\n    parameters: { weight: 10, other: x }\n',
    );
    assert.deepEqual([...world.rule(key, rule)], [DEMO]);
    assert.deepEqual(world.weights(), { 1: 10, 2: 100, 3: 50 });
    const { endpoints, policy } = world.service();
    assert.deepEqual([endpoints[0]?.id, endpoints[0]?.warmup], [before[0]?.id, before[0]?.warmup]);
    assert.equal(endpoints[0]?.metadata.other, 'x', 'what is not known here is kept');
    assert.equal(endpoints[1], before[1], 'who is not hit stays as it is');
    assert.equal(policy?.endpoints?.[0]?.origin.path, `${AT}/${key}`);
    assert.deepEqual(policy?.endpoints?.[0]?.value, [
      ['weight', '10'],
      ['other', 'x'],
    ]);
    assert.deepEqual([...world.unrule(key)], [DEMO]);
    assert.deepEqual(world.service().endpoints, before);
    assert.equal(world.service().policy, undefined);
  });

  test('a rule that the provider has taken over already changes nothing more', () => {
    const world = providers([1, '&weight=10&providerAddresses=0.0.0.0']);
    const [before] = world.service().endpoints;
    world.rule(key, ofService('  - side: provider\n    parameters: { weight: 10 }\n'));
    assert.deepEqual(world.service().endpoints, [before]);
  });

  test('disabled takes no more requests; zone, tag and warm-up are set', () => {
    const world = providers(1);
    const config = 'parameters: { disabled: true, zone: b, dubbo.tag: gray, warmup: 5 }';
    world.rule(key, ofService(`  - side: provider\n    ${config}\n`));
    const [endpoint] = world.service().endpoints;
    assert.equal(endpoint?.health, 'draining');
    assert.equal(endpoint?.locality.zone, 'b');
    assert.equal(endpoint?.metadata['dubbo.tag'], 'gray');
    assert.deepEqual(endpoint?.warmup, { from: 1_000, duration: 5 });
  });

  test('timeouts of consumers go before those of providers; methods before all', () => {
    const world = providers([1, '&timeout=1000']);
    const config = 'parameters: { timeout: 6000, sayBye.timeout: 7000, loadbalance: random }';
    world.rule(key, ofService(`  - side: consumer\n    ${config}\n`));
    assert.deepEqual(world.settings(), [6_000, undefined, 'random']);
    assert.deepEqual(world.settings({ method: 'sayBye' })[0], 7_000);
    assert.equal(world.service().policy?.perTryTimeout?.origin.path, `${AT}/${key}`);
  });

  test('for some consumers only: by application and by address', () => {
    const world = providers([1, '&timeout=1000']);
    world.rule(
      key,
      ofService(
        [
          '  - side: consumer\n    applications: [a, b]\n    parameters: { timeout: 10 }',
          '  - side: consumer\n    addresses: [10.0.1.7]\n    parameters: { retries: 5 }\n',
        ].join('\n'),
      ),
    );
    const of = (application: string, host = '10.0.1.1') =>
      world.settings({ caller: { application, host } });
    assert.deepEqual(of('a'), [10, undefined, undefined]);
    assert.deepEqual(of('b'), [10, undefined, undefined]);
    assert.deepEqual(of('c'), [1_000, undefined, undefined]);
    assert.deepEqual(of('c', '10.0.1.7'), [1_000, 5, undefined]);
    assert.deepEqual(world.problems(), {});
  });

  test('of single consumers a weight is not applied, and that is said', () => {
    const world = providers(1);
    const config = 'applications: [a]\n    parameters: { weight: 1, timeout: 5 }';
    world.rule(key, ofService(`  - side: consumer\n    ${config}\n`));
    assert.deepEqual(world.weights(), { 1: 100 });
    assert.deepEqual(world.settings({ caller: { application: 'a' } })[0], 5);
    assert.match(world.problem(key) ?? '', /not weight/);
  });

  test('version 3.0 matches addresses, services, applications and parameters', () => {
    const cases: readonly (readonly [string, Record<string, number>])[] = [
      ['address: { wildcard: "10.0.0.*" }', { 1: 7, 2: 7 }],
      ['address: { cird: 10.0.0.2/32 }', { 1: 100, 2: 7 }],
      ['providerAddress: { exact: "10.0.0.1:20880" }', { 1: 7, 2: 100 }],
      ['providerAddress: { exact: "10.0.0.1:1" }', { 1: 100, 2: 100 }],
      [`service: { oneof: [{ exact: x }, { prefix: ${DEMO.slice(0, 5)} }] }`, { 1: 7, 2: 7 }],
      ['service: { oneof: [{ exact: x }] }', { 1: 100, 2: 100 }],
      ['app: { oneof: [{ regex: "sh.p" }] }', { 1: 7, 2: 7 }],
      ['param: [{ key: zone, value: { exact: a } }]', { 1: 7, 2: 100 }],
      ['param: [{ key: zone, value: { noempty: x } }]', { 1: 7, 2: 100 }],
      ['param: [{ key: zone, value: { empty: x } }]', { 1: 100, 2: 7 }],
    ];
    for (const [match, weights] of cases) {
      const world = providers([1, '&zone=a'], 2);
      const config = `match: { ${match} }\n    parameters: { weight: 7 }`;
      world.rule(key, ofService(`  - side: provider\n    ${config}\n`));
      assert.deepEqual([world.weights(), world.problems()], [weights, {}], match);
    }
  });

  test('provider addresses with ports and wildcards', () => {
    const weights = (list: string) => {
      const world = providers(1, 2);
      const config = `providerAddresses: [${list}]\n    parameters: { weight: 7 }`;
      world.rule(key, ofService(`  - side: consumer\n    ${config}\n`));
      return world.weights();
    };
    assert.deepEqual(weights('"10.0.0.1:20880"'), { 1: 7, 2: 100 });
    assert.deepEqual(weights('10.0.0.2, 10.9.9.9'), { 1: 100, 2: 7 });
    assert.deepEqual(weights('"0.0.0.0:20880"'), { 1: 7, 2: 7 });
    assert.deepEqual(weights('"0.0.0.0:1"'), { 1: 100, 2: 100 });
    assert.deepEqual(weights('0.0.0.0'), { 1: 7, 2: 7 });
  });

  test("a provider's address may have a port", () => {
    const weights = (port: number) => {
      const world = providers(1, 2);
      const config = `addresses: ["10.0.0.1:${port}"]\n    parameters: { weight: 7 }`;
      world.rule(key, ofService(`  - side: provider\n    ${config}\n`));
      return world.weights();
    };
    assert.deepEqual(
      [weights(20_880), weights(1)],
      [
        { 1: 7, 2: 100 },
        { 1: 100, 2: 100 },
      ],
    );
  });

  test('the order: interface, application, service; anybody before somebody', () => {
    const world = providers(1);
    const config = (weight: number, more = '') =>
      `  - side: provider\n${more}    parameters: { weight: ${weight} }\n`;
    world.url(`override://0.0.0.0/${DEMO}?category=configurators&side=provider&weight=1`);
    assert.deepEqual(world.weights(), { 1: 1 });
    world.rule('shop.configurators', ofApplication('shop', config(2)));
    assert.deepEqual(world.weights(), { 1: 2 });
    world.rule(key, ofService(config(3)));
    assert.deepEqual(world.weights(), { 1: 3 });
    const some = config(4, '    addresses: [10.0.0.1]\n');
    world.rule(key, ofService(`${some}${config(5)}`));
    assert.deepEqual(world.weights(), { 1: 4 });
    // What a consumer does comes after all that providers do: one of old is for both.
    world.url(`override://0.0.0.0/${DEMO}?category=configurators&weight=6`);
    assert.deepEqual(world.weights(), { 1: 6 });
  });

  test('switched off, as a whole or a part of another type', () => {
    const world = providers(1);
    const config = '  - side: provider\n    parameters: { weight: 3 }\n';
    world.rule(key, ofService(config).replace('enabled: true', 'enabled: false'));
    assert.deepEqual([world.weights(), world.problems()], [{ 1: 100 }, {}]);
    world.rule(key, ofService(`${config}    type: weight\n`));
    assert.deepEqual(world.weights(), { 1: 100 }, 'one of a type has to be switched on itself');
    world.rule(key, ofService(`${config}    type: weight\n    enabled: true\n`));
    assert.deepEqual(world.weights(), { 1: 3 });
    world.rule(key, `enabled: false\n${ofService(config)}`);
    assert.deepEqual(world.weights(), { 1: 3 }, 'of two keys the later counts');
  });

  test('what Dubbo ignores, and says nothing of', () => {
    const config = '  - side: provider\n    parameters: { weight: 3 }\n';
    const bad: Readonly<Record<string, RegExp>> = {
      [ofService(config).replace(`key: ${DEMO}`, `key: "${DEMO}::"`)]:
        /its key is .*::, but Dubbo looks/,
      [ofService(config).replace('scope: service', 'scope: application')]:
        /its scope is application/,
      [ofService('  - parameters: { weight: 3 }\n')]: /names no side/,
      [ofService('  - side: provider\n')]: /no parameters/,
      [ofService('  - 5\n')]: /no mapping/,
      [ofService(
        config.replace(
          'parameters',
          'match: { app: { oneof: [{ regex: "(a+)+" }] } }\n    parameters',
        ),
      )]: /\(a\+\)\+ is not a simple one/,
      'configs: 5': /its key is missing/,
      '[1': /it is no YAML/,
      '5': /it is no mapping/,
    };
    for (const [text, message] of Object.entries(bad)) {
      const world = providers(1);
      world.rule(key, text);
      assert.deepEqual(world.weights(), { 1: 100 }, text);
      assert.match(world.problem(key) ?? '', message, text);
      world.rule(key, ofService(config));
      assert.deepEqual([world.weights(), world.problems()], [{ 1: 3 }, {}]);
    }
  });
});

describe('configurators of before version 2.7', () => {
  const override = (host: string, parameters: string) =>
    `override://${host}/${DEMO}?category=configurators&dynamic=false&${parameters}`;

  test('a provider by address and port, anybody, a consumer by its address', () => {
    const world = providers(1, 2);
    world.url(override('10.0.0.1:20880', 'weight=5'));
    assert.deepEqual(world.weights(), { 1: 5, 2: 100 });
    world.url(override('10.0.0.2:1', 'weight=6'));
    assert.deepEqual(world.weights(), { 1: 5, 2: 100 });
    world.url(override('0.0.0.0', 'timeout=70'));
    assert.deepEqual(world.settings()[0], 70);
    world.url(override('10.0.1.7', 'timeout=80'));
    world.url(override('10.0.0.2', 'weight=6'));
    assert.deepEqual(world.weights(), { 1: 5, 2: 100 }, 'without a port it is a consumer');
    assert.deepEqual(world.settings({ caller: { host: '10.0.1.7' } })[0], 80);
    assert.deepEqual(world.settings({ caller: { host: '10.0.1.8' } })[0], 70);
  });

  test('conditions with a tilde; what is switched off; what only sets what is missing', () => {
    const world = providers([1, '&zone=a'], [2, '&weight=50']);
    world.url(override('0.0.0.0', '~zone=a&weight=5&side=provider'));
    assert.deepEqual(world.weights(), { 1: 5, 2: 50 });
    world.url(override('0.0.0.0', 'enabled=false&weight=6'));
    assert.deepEqual(world.weights(), { 1: 5, 2: 50 });
    const other = providers(1, [2, '&weight=50']);
    other.url(`absent://0.0.0.0/${DEMO}?category=configurators&weight=7`);
    assert.deepEqual(other.weights(), { 1: 7, 2: 50 });
  });

  test('of another group or version it is of another service', () => {
    const world = providers(1, [2, '&group=g&version=1.0']);
    world.url(override('0.0.0.0', 'group=g&version=1.0&weight=5'));
    assert.deepEqual([world.weights(), world.weights(`${DEMO}:1.0:g`)], [{ 1: 100 }, { 2: 5 }]);
  });

  test('URLs in a node of the configuration centre', () => {
    const world = providers(1);
    world.rule(key, JSON.stringify([override('0.0.0.0', 'weight=5')]));
    assert.deepEqual(world.weights(), { 1: 5 });
  });
});
