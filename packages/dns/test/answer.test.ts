import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterBalancer, ClusterLoad, Hosts, Xoshiro128 } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { endpointLabel } from '../src/zone/endpoint-label.ts';
import { levelsOf } from '../src/zone/level.ts';
import { endpoint, Names, service, settings } from './fixture.ts';

const one = endpoint('one', '10.0.0.1', { role: 'leader', metadata: { version: '2' } });
const two = endpoint('two', '10.0.0.2', { port: 81, weight: 50 });
const six = endpoint('six', 'fd00::6', { port: 82 });
const v2 = { name: 'v2', metadata: { version: '2' }, fallback: 'none' as const };
const none = { name: 'none', metadata: { version: '9' }, fallback: 'none' as const };
const shop = () =>
  new Names([service('Shop/Orders', one, two, six), service('a.b', one)], {
    'Shop/Orders': settings({ subsets: [v2, none] }),
  });

test('a service has its addresses, of each family its own, each once', () => {
  const names = shop();
  assert.deepEqual(names.ask('shop-orders.mesh'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(names.ask('shop-orders.mesh', 'AAAA'), ['fd00::6']);
  const twice = new Names([service('s', one, { ...two, address: one.address })]);
  assert.deepEqual(twice.ask('s.mesh'), ['10.0.0.1']);
});

test('leaders and subsets have names; what is no name is none, what has nothing has nothing', () => {
  const names = shop();
  assert.deepEqual(names.ask('leader.shop-orders.mesh'), ['10.0.0.1']);
  assert.deepEqual(names.ask('v2.shop-orders.mesh'), ['10.0.0.1']);
  for (const name of ['none.shop-orders', '_tcp', 'addr.shop-orders', 'b', '', 'dns', 'b._tcp'])
    assert.equal(names.ask(name === '' ? 'mesh' : `${name}.mesh`), 'no-data', name);
  for (const name of ['nobody', '2.shop-orders', 'x.v2.shop-orders', 'x._tcp', 'a', '_nobody._tcp'])
    assert.equal(names.ask(`${name}.mesh`), 'no-name', name);
  assert.equal(names.ask('shop-orders.mesh', 'MX'), 'no-data');
  for (const name of ['mesh.example', 'xmesh', 'example', ''])
    assert.equal(names.ask(name), 'elsewhere', name);
});

test('SRV names each endpoint, whose name has its address', () => {
  const names = shop();
  const target = (each: typeof one) => `${endpointLabel(each)}.addr.shop-orders.mesh`;
  const all = [one, two, six].map((each) => {
    return { priority: 0, weight: each.weight, port: each.port, target: target(each) };
  });
  assert.deepEqual(names.ask('_shop-orders._tcp.mesh', 'SRV'), all);
  assert.deepEqual(names.ask('shop-orders.mesh', 'SRV'), all);
  assert.deepEqual(names.ask('_v2.shop-orders._tcp.mesh', 'SRV'), [all[0]]);
  assert.equal(names.ask('_shop-orders._tcp.mesh'), 'no-data');
  assert.deepEqual(names.ask(target(two)), ['10.0.0.2']);
  assert.deepEqual(names.ask(target(six), 'AAAA'), ['fd00::6']);
  assert.equal(names.ask(target(six)), 'no-data');
  const reply = names.reply('shop-orders.mesh', 'SRV');
  assert(reply.type === 'records');
  assert.deepEqual(
    reply.choices[0]?.additional.map(({ name, data }) => [name, data]),
    [one, two, six].map((each) => [target(each), each.address]),
  );
});

test('weights that SRV has no room for keep their proportions', () => {
  const heavy = { ...one, weight: 1_000_000 };
  const names = new Names([
    service('s', heavy, { ...two, weight: 500_000 }, { ...six, weight: 1 }),
  ]);
  const weights = (names.ask('s.mesh', 'SRV') as { weight: number }[]).map(({ weight }) => weight);
  assert.deepEqual(weights, [65_535, 32_767, 1]);
});

test('addresses have names', () => {
  const names = shop();
  const found = names.ask('1.0.0.10.in-addr.arpa', 'PTR');
  const label = endpointLabel(one);
  assert.deepEqual(
    new Set(found as string[]),
    new Set([`${label}.addr.shop-orders.mesh`, `${label}.addr.a.b.mesh`]),
  );
  const nibbles = `6${'.0'.repeat(29)}.d.f.ip6.arpa`;
  assert.deepEqual(names.ask(nibbles, 'PTR'), [`${endpointLabel(six)}.addr.shop-orders.mesh`]);
  assert.equal(names.ask(nibbles, 'A'), 'no-data');
  assert.equal(names.ask('9.0.0.10.in-addr.arpa', 'PTR'), 'elsewhere');
  names.names.update(...names.catalog.set({ 'Shop/Orders': undefined }));
  assert.deepEqual(names.ask('1.0.0.10.in-addr.arpa', 'PTR'), [`${label}.addr.a.b.mesh`]);
  assert.equal(names.ask(nibbles, 'PTR'), 'elsewhere');
});

test('the zone says who answers for it', () => {
  const names = shop();
  assert.deepEqual(names.ask('mesh', 'NS'), ['ns.dns.mesh']);
  assert.deepEqual(names.ask('ns.dns.mesh'), ['127.0.0.1']);
  assert.deepEqual(names.ask('shop-orders.mesh', 'ANY'), [{ cpu: 'RFC8482', os: '' }]);
  assert.equal((names.ask('mesh', 'SOA') as { serial: number }[])[0]?.serial, 2);
  assert.equal(names.ask('nobody.mesh', 'ANY'), 'no-name');
});

test('an address that is a host name: another name where it is alone, left out and said otherwise', () => {
  const named = endpoint('named', 'host.example');
  const names = new Names([service('only', named), service('mixed', named, one)]);
  for (const type of ['A', 'AAAA', 'SRV'])
    assert.deepEqual(names.ask('only.mesh', type), ['host.example']);
  assert.deepEqual(names.ask('_only._tcp.mesh', 'SRV'), [
    { priority: 0, weight: 100, port: 80, target: 'host.example' },
  ]);
  assert.deepEqual(names.ask('mixed.mesh'), ['10.0.0.1']);
  assert.match(names.names.faults.get('mixed') ?? '', /host names \(host\.example\)/);
  assert.equal(names.names.faults.has('only'), false);
});

test('a service whose name DNS can not bear is said, and hides nothing', () => {
  const long = 'x'.repeat(64);
  const names = new Names([service(long, one), service('a..b', one), service('fine', two)]);
  assert.equal(names.ask(`${long}.mesh`), 'no-name');
  assert.deepEqual([...names.names.faults.keys()].sort(), ['a..b', long]);
  assert.deepEqual(names.ask('fine.mesh'), ['10.0.0.2']);
});

test('who is not fit is left out, but for panic, as the balancer does', () => {
  const health = (...states: ('healthy' | 'unhealthy' | 'draining' | 'unknown')[]) =>
    service('s', ...states.map((each, i) => endpoint(`${i}`, `10.0.0.${i}`, { health: each })));
  const ask = (...states: Parameters<typeof health>) =>
    new Names([health(...states)]).ask('s.mesh');
  assert.deepEqual(ask('healthy', 'unhealthy'), ['10.0.0.0']);
  assert.deepEqual(ask('draining', 'unknown'), ['10.0.0.1']);
  assert.deepEqual(ask('healthy', 'unhealthy', 'unhealthy', 'draining'), [
    '10.0.0.0',
    '10.0.0.1',
    '10.0.0.2',
  ]);
  assert.deepEqual(ask('unhealthy', 'unhealthy'), ['10.0.0.0', '10.0.0.1']);
  const calm = { s: settings({ panicThreshold: 0 }) };
  assert.equal(new Names([health('unhealthy')], calm).ask('s.mesh'), 'no-data');
  const weightless = service('s', { ...one, weight: 0 }, two);
  assert.deepEqual(new Names([weightless]).ask('s.mesh'), ['10.0.0.2']);
});

test('the nearest come first while they are fit', () => {
  const at = (zone: string) => ({ region: 'r', zone, subzone: '' });
  const near = endpoint('near', '10.0.0.1', { locality: at('a') });
  const far = endpoint('far', '10.0.0.2', { locality: at('b') });
  const names = new Names([service('s', near, far)]);
  assert.deepEqual(names.ask('s.mesh', 'A', at('a')), ['10.0.0.1']);
  assert.deepEqual(names.ask('s.mesh', 'A', at('b')), ['10.0.0.2']);
  assert.deepEqual(names.ask('s.mesh', 'A'), ['10.0.0.1', '10.0.0.2']);
  const priorities = (
    names.ask('s.mesh', 'SRV', at('b')) as { priority: number; target: string }[]
  ).map(({ priority, target }) => [priority, target.split('.')[0]]);
  assert.deepEqual(priorities, [
    [0, endpointLabel(far)],
    [1, endpointLabel(near)],
  ]);
  const sick = new Names([service('s', { ...near, health: 'unhealthy' }, far)]);
  assert.deepEqual(sick.ask('s.mesh', 'A', at('a')), ['10.0.0.2']);
  const everywhere = { s: settings({ locality: { mode: 'none' } }) };
  assert.deepEqual(new Names([service('s', near, far)], everywhere).ask('s.mesh', 'A', at('a')), [
    '10.0.0.1',
    '10.0.0.2',
  ]);
});

test('stated weights of places are in SRV', () => {
  const at = (region: string) => ({ region, zone: '', subzone: '' });
  const locality = {
    mode: 'weighted' as const,
    weights: [
      { region: 'a', weight: 90 },
      { region: 'b', weight: 10 },
    ],
  };
  const endpoints = ['a', 'b', 'b', 'c'].map((region, i) =>
    endpoint(`${i}`, `10.0.0.${i}`, { locality: at(region) }),
  );
  const names = new Names([service('s', ...endpoints)], { s: settings({ locality }) });
  const weights = (names.ask('s.mesh', 'SRV') as { weight: number }[]).map(({ weight }) => weight);
  assert.equal(weights.length, 3);
  assert.equal(weights[0]! / weights[1]!, 18);
});

test('whoever the balancer picks is answered, as often', () => {
  const health = fc.constantFrom('healthy' as const, 'unhealthy' as const, 'draining' as const);
  const place = fc.constantFrom('a', 'b', 'c');
  fc.assert(
    fc.property(fc.array(fc.tuple(health, place), { minLength: 1, maxLength: 12 }), (states) => {
      const endpoints = states.map(([state, region], i) =>
        endpoint(`${i}`, `10.0.0.${i}`, {
          health: state,
          locality: { region, zone: '', subzone: '' },
        }),
      );
      const caller = { region: 'a', zone: '', subzone: '' };
      const levels = levelsOf(endpoints, undefined, caller);
      const load = new ClusterLoad({ now: () => 0 });
      const random = new Xoshiro128(7);
      const balancer = new ClusterBalancer<string>({ algorithm: { type: 'random' }, random, load });
      const facts = endpoints.map((each) => ({
        ...{ key: each.id, item: each.id, weight: 1, health: each.health, metadata: {} },
        ...{ priority: each.locality.region === 'a' ? 0 : 1, locality: each.locality },
      }));
      balancer.update(new Hosts<string>(load).update(facts));
      assert.deepEqual(
        levels.map((level) => level.load),
        balancer.loads.map((level) => level.load),
      );
      const offered = new Set(
        levels
          .filter((level) => level.load > 0)
          .flatMap((level) => level.endpoints.map(({ id }) => id)),
      );
      const picked = new Set(Array.from({ length: 600 }, () => balancer.pick()?.facts.item));
      for (const each of picked) assert(each !== undefined && offered.has(each));
    }),
    { numRuns: 60 },
  );
});
