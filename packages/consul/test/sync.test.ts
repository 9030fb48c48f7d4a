import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type AConsul, aConsul } from './a-consul.ts';
import { aDestination, endpoint } from './destination.ts';
import { followed } from './follower.ts';

describe('a Consul that services are brought to', () => {
  let consul: AConsul;
  before(async () => {
    consul = await aConsul();
  });
  after(() => consul?.[Symbol.asyncDispose]());

  test('instances have address, tags, meta, weights and a check', async () => {
    await using to = await aDestination(consul, { node: `${consul.prefix}orders` });
    const name = `${consul.prefix}orders`;
    to.set(name, [
      endpoint('a', 1, {
        metadata: { 'consul.tag.v2': 'true', 'spring.zone/x': 'z', long: 'x'.repeat(600) },
        locality: { region: 'east', zone: 'e1', subzone: '' },
        role: 'leader',
      }),
      endpoint('b', 2, { weight: 300 }),
      endpoint('c', 3, { health: 'draining' }),
      endpoint('d', 4, { weight: 0 }),
    ]);
    await until(() => to.applied);
    const all = await to.health(name);
    const seen = all
      .map(({ Service, Checks }) => [
        ...[Service.Port, Service.Weights.Passing, Checks.length, Checks[0].Status],
      ])
      .sort();
    assert.deepEqual(seen, [
      [1, 1, 1, 'passing'],
      [2, 3, 1, 'passing'],
      [3, 1, 1, 'critical'],
      [4, 1, 1, 'critical'],
    ]);
    const { Service, Node } = all.find((each) => each.Service.Port === 1);
    assert.equal(Service.Address, '10.1.0.1');
    assert.deepEqual(Service.Tags, ['v2']);
    assert.deepEqual(Service.Meta, {
      ...{ 'external-source': 'meshkeeper', protocol: 'http', spring_zone_x: 'z' },
      ...{ 'meshkeeper-mirror': '0123456789ab/there/spring', 'meshkeeper-role': 'leader' },
      ...{ 'meshkeeper-region': 'east', 'meshkeeper-zone': 'e1' },
    });
    assert.equal(Node.Meta['external-node'], 'true');
    assert.match(to.plane.problems.get(name) ?? '', /"long" is left out: it has 600 characters/);
  });

  test('what changes costs its own operation, what is the same none', async () => {
    await using to = await aDestination(consul, { node: `${consul.prefix}cheap` });
    const name = `${consul.prefix}cheap`;
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => endpoint(`e${i}`, i + 1));
    to.set(name, many(100));
    await until(() => to.applied);
    const first = to.plane.operations;
    to.set(name, many(100));
    await until(() => to.applied);
    assert.equal(to.plane.operations, first);
    to.set(name, [...many(99), endpoint('e99', 100, { health: 'unhealthy' })]);
    await until(() => to.applied);
    assert.equal(to.plane.operations, first + 1, 'a check');
    to.set(name, [...many(99), endpoint('e99', 100, { health: 'unhealthy', weight: 200 })]);
    await until(() => to.applied);
    assert.equal(to.plane.operations, first + 2, 'an instance');
    to.set(name, many(99));
    await until(() => to.applied);
    assert.equal(to.plane.operations, first + 3, 'one that goes');
    assert.equal((await to.health(name)).length, 99);
  });

  test('what others have on the node, and what they do to ours', async () => {
    await using to = await aDestination(consul, { node: `${consul.prefix}shared` });
    const name = `${consul.prefix}shared`;
    to.set(name, [endpoint('a', 1), endpoint('b', 2)]);
    await until(() => to.applied);
    const { Node } = (await to.health(name))[0].Node;
    // Somebody else on our node, one of another mesh, and one that is called as ours are.
    const others = [
      { ID: 'foreign', Service: name, Port: 7 },
      {
        ...{ ID: 'meshkeeper-other', Service: name, Port: 8 },
        Meta: { 'meshkeeper-mirror': 'ba9876543210/there/spring' },
      },
      { ID: 'meshkeeper-plain', Service: name, Port: 9 },
    ];
    for (const Service of others)
      await consul.put('/v1/catalog/register', { Node, SkipNodeUpdate: true, Service });
    const [ours] = (await to.health(name)).filter(({ Service }) => Service.Port === 1);
    await consul.put('/v1/catalog/deregister', { Node, ServiceID: ours.Service.ID });
    await until(async () => (await to.health(name)).some(({ Service }) => Service.Port === 1));
    to.set(name, undefined);
    to.set(`${name}-2`, [endpoint('c', 3)]);
    await until(() => to.applied);
    const left = (await to.health(name)).map(({ Service }) => Service.Port).sort();
    assert.deepEqual(left, [7, 8, 9]);
  });

  test('names that Consul bears, and no two alike', async () => {
    await using to = await aDestination(consul, { node: `${consul.prefix}names` });
    const names = [
      `${consul.prefix}com.shop.Orders:1.0`,
      `${consul.prefix}Case`,
      `${consul.prefix}case`,
    ];
    for (const [i, name] of names.entries()) to.set(name, [endpoint('a', i + 1)]);
    await until(() => to.applied);
    const found = Object.keys(await consul.get('/v1/catalog/services'))
      .map((name) => name.slice(consul.prefix.length))
      .filter((name) => /^(com|case)/i.test(name))
      .sort();
    assert.equal(found.length, 3);
    assert.deepEqual(found.slice(0, 1), ['Case']);
    assert.match(found[1]!, /^case-[0-9a-f]{6}$/);
    assert.equal(found[2], 'com-shop-orders-1-0');
  });

  test('nothing comes back into the mesh', async () => {
    await using to = await aDestination(consul, { node: `${consul.prefix}loop` });
    const name = `${consul.prefix}loop`;
    to.set(name, [endpoint('a', 1)]);
    await until(() => to.applied);
    await consul.register({ service: 'native', id: 'n', port: 5 });
    await using from = await followed({
      ...{ address: consul.url, services: [`${consul.prefix}native`, name] },
    });
    await until(() => from.resets > 0);
    assert.deepEqual([...from.services.keys()], [`${consul.prefix}native`]);
  });
});

describe('what is never taken away', () => {
  test('all of it at once; and more than a share, unless that is meant', async () => {
    await using consul = await aConsul({});
    await using to = await aDestination(consul);
    const some = (count: number) =>
      Array.from({ length: count }, (_, i) => endpoint(`e${i}`, i + 1));
    to.set('web', some(20));
    await until(() => to.applied);
    to.set('web', some(10));
    await until(() => to.plane.problems.has('deletions') && to.applied);
    assert.equal((await to.health('web')).length, 20);
    // What is changed meanwhile is written.
    to.set('other', [endpoint('x', 99)]);
    await until(async () => (await to.health('other')).length === 1);
    to.set('web', some(18));
    await until(async () => (await to.health('web')).length === 18);
    assert.ok(!to.plane.problems.has('deletions'));
    to.set('web', undefined);
    to.set('other', undefined);
    await until(() => /nothing to bring/.test(to.plane.problems.get('deletions') ?? ''));
    assert.equal((await to.health('web')).length, 18);
    await to.plane.close();
    await using meant = await aDestination(consul, { allowMassDelete: true });
    meant.set('rest', [endpoint('r', 1)]);
    await until(async () => (await to.health('web')).length === 0);
  });

  test('before Consul was read; when the token may not see; when it does not lead', async () => {
    await using consul = await aConsul({ acl: { write: 'w', read: 'r' } });
    const standIn = consul.standIn!;
    process.env.MESHKEEPER_TEST_TOKEN = 'w';
    const token = { env: 'MESHKEEPER_TEST_TOKEN' };
    await using to = await aDestination(consul, { token });
    to.set('web', [endpoint('a', 1), endpoint('b', 2)]);
    await until(() => to.applied);
    standIn.trouble = ({ query, path }) => {
      if (path.startsWith('/v1/health/node')) query.set('token', '');
      return undefined;
    };
    await until(() => to.plane.state.type === 'failing');
    const before = to.plane.operations;
    to.set('web', [endpoint('a', 1)]);
    await until(
      () => standIn.requests.filter(({ path }) => path.includes('/catalog/node')).length > 4,
    );
    assert.equal(to.plane.operations, before);
    standIn.trouble = () => undefined;
    await until(() => to.applied);
    to.leader.lead(false);
    await until(() => to.applied);
    to.set('web', [endpoint('a', 1), endpoint('c', 3)]);
    const asked = standIn.requests.length;
    to.leader.lead(true);
    await until(() => to.applied && standIn.requests.length > asked + 2);
    assert.equal(standIn.catalog().node(to.node)?.services.size, 2);
  });

  test('what Consul does not take holds up nothing else', async () => {
    await using consul = await aConsul({});
    const standIn = consul.standIn!;
    await using to = await aDestination(consul);
    const all = Array.from({ length: 70 }, (_, i) => endpoint(`e${i}`, i + 1));
    // An address that is too much for Consul is not to be had here: the one with port 13 is refused.
    const put = standIn.catalog().putService.bind(standIn.catalog());
    standIn.catalog().putService = (node, stated) => {
      if (stated.Port === 13) throw standIn.fault(500, 'nobody likes 13');
      put(node, stated);
    };
    to.set('web', all);
    await until(() => [...to.plane.problems.values()].some((text) => /nobody likes 13/.test(text)));
    await until(() => to.applied);
    assert.equal(standIn.catalog().node(to.node)?.services.size, 69);
  });
});

test('chaos: what is written is what a fresh computation has, and no more than that', async () => {
  await using consul = await aConsul({});
  const standIn = consul.standIn!;
  await using to = await aDestination(consul, { resync: '1h' });
  let seed = 11;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const wanted = new Map<string, Map<number, string>>();
  standIn.trouble = ({ path }) => {
    const dice = random();
    if (dice < 0.03) return { type: 'status', status: path === '/v1/txn' ? 500 : 429 };
    if (dice < 0.07) return { type: 'cut', when: dice < 0.05 ? 'before' : 'after' };
    return dice < 0.3 ? { type: 'delay', ms: random() * 10 } : undefined;
  };
  for (let i = 0; i < 300; i++) {
    const service = `s${Math.floor(random() * 6)}`;
    const ports = wanted.get(service) ?? new Map<number, string>();
    wanted.set(service, ports);
    const port = 1 + Math.floor(random() * 12);
    if (random() < 0.25) ports.delete(port);
    else ports.set(port, random() < 0.5 ? 'healthy' : 'unhealthy');
    const health = (text: string) => (text === 'healthy' ? 'healthy' : 'unhealthy');
    to.set(
      service,
      Array.from(ports, ([each, text]) => endpoint(`e${each}`, each, { health: health(text) })),
    );
    if (i % 30 === 29) await until(() => to.applied);
    if (i % 90 === 89) standIn.cut();
  }
  await until(() => to.applied);
  standIn.trouble = () => undefined;
  for (const [service, ports] of wanted) {
    const there = (await to.health(service)).map(
      ({ Service, Checks }) => `${Service.Port} ${Checks[0].Status}`,
    );
    const expected = Array.from(
      ports,
      ([port, text]) => `${port} ${text === 'healthy' ? 'passing' : 'critical'}`,
    );
    assert.deepEqual(there.sort(), expected.sort());
  }
  // A fresh one finds nothing to do.
  await to.plane.close();
  await using fresh = await aDestination(consul);
  for (const [service, ports] of wanted)
    fresh.set(
      service,
      Array.from(ports, ([each, text]) =>
        endpoint(`e${each}`, each, { health: text === 'healthy' ? 'healthy' : 'unhealthy' }),
      ),
    );
  await until(() => fresh.applied);
  assert.equal(fresh.plane.operations, 0);
});
