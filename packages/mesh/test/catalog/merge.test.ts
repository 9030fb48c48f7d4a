import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog, MOST_HOSTS, type Service } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { ids, QUICK } from './fixture.ts';

/** A catalog that has read of each source this one service `a`; the first has the highest priority. */
function read(says: Readonly<Record<string, Service>>): Catalog {
  const sources = Object.keys(says).map((name, i) => ({ name, priority: -i }));
  const catalog = new Catalog(sources.reverse(), QUICK);
  for (const [name, said] of Object.entries(says))
    catalog.apply(name, { type: 'reset', services: [said] }, 0);
  catalog.commit(0);
  return catalog;
}

const first = (catalog: Catalog) => catalog.snapshot.services.get('a')?.endpoints[0];

test('the endpoints of all sources are one service', () => {
  const catalog = read({
    r: service('a', endpoint('2', 2)),
    s: service('a', endpoint('1', 1, 1, 's'), endpoint('3', 3, 1, 's')),
  });
  assert.equal(ids(catalog, 'a'), '1,2,3');
});

test('registered twice is one instance, as the source of the higher priority says', () => {
  const catalog = read({
    r: service('a', { ...endpoint('1', 1), weight: 5, metadata: { zone: 'r' } }),
    s: service('a', {
      ...endpoint('other', 1, 1, 's'),
      weight: 7,
      metadata: { zone: 's', tag: 's' },
      health: 'draining',
      hostname: 'host',
      warmup: { from: 1, duration: 2 },
      locality: { region: 'east', zone: '', subzone: '' },
    }),
  });
  assert.equal(ids(catalog, 'a'), '1');
  const { weight, metadata, health, hostname, warmup, locality, origin } = first(catalog)!;
  assert.equal(weight, 5, 'what it states counts');
  assert.deepEqual(metadata, { zone: 'r', tag: 's' }, 'what it does not is filled in');
  assert.equal(health, 'draining');
  assert.equal(hostname, 'host');
  assert.deepEqual(warmup, { from: 1, duration: 2 });
  assert.equal(locality.region, 'east');
  assert.equal(origin.registry, 'r');
});

test('of equal priority the one that is configured first counts', () => {
  const catalog = new Catalog(
    ['r', 's'].map((name) => ({ name, priority: 3 })),
    QUICK,
  );
  const twin = (id: string, registry: string, weight: number) => ({
    ...endpoint(id, 1, 1, registry),
    weight,
  });
  catalog.apply('s', { type: 'reset', services: [service('a', twin('1', 's', 7))] }, 0);
  catalog.apply('r', { type: 'reset', services: [service('a', twin('1', 'r', 5))] }, 0);
  catalog.commit(0);
  assert.equal(first(catalog)?.weight, 5);
});

test('one that was restarted before its old session ended is the young one, and nothing of the old', () => {
  const old = { ...endpoint('0-old', 5, 1), metadata: { version: '1' } };
  const catalog = read({ r: service('a', old, endpoint('young', 5, 2)) });
  assert.equal(ids(catalog, 'a'), 'young');
  assert.deepEqual(first(catalog)?.metadata, {});
});

test('when one of two registrations leaves, the instance stays', () => {
  const catalog = read({
    r: service('a', endpoint('1', 1)),
    s: service('a', endpoint('x', 1, 1, 's')),
  });
  catalog.apply('r', { type: 'remove', name: 'a' }, 1);
  catalog.commit(1);
  assert.equal(ids(catalog, 'a'), 'x');
  assert.equal(catalog.held('a').size, 0);
});

test('two instances of one id are told apart, and shown as a conflict', () => {
  const catalog = read({
    r: service('a', endpoint('1', 1)),
    s: service('a', endpoint('1', 2, 1, 's')),
    t: service('a', endpoint('1', 3, 1, 't')),
  });
  assert.equal(ids(catalog, 'a'), '1,1@s,1@t');
  assert.deepEqual(catalog.conflicts.get('a'), [
    { type: 'id', id: '1', source: 'r', other: { source: 's', servedAs: '1@s' } },
    { type: 'id', id: '1', source: 'r', other: { source: 't', servedAs: '1@t' } },
  ]);
  const departed = new Map([['1', 'deregistered' as const]]);
  catalog.apply('s', { type: 'remove', name: 'a', departed }, 1);
  catalog.commit(1);
  catalog.commit(11);
  assert.equal(ids(catalog, 'a'), '1,1@t', 'it is known by its own id at its source');
  assert.equal(catalog.conflicts.get('a')?.length, 1);
});

test('an id conflict is shown as long as there is one, and the ids are free then', () => {
  const catalog = read({
    r: service('a', endpoint('1', 1), endpoint('1@s', 2)),
    s: service('a', endpoint('1', 3, 1, 's')),
  });
  assert.equal(ids(catalog, 'a'), '1,1@s,1@s@s');
  const more = service('a', endpoint('1', 1), endpoint('9', 9));
  catalog.apply('r', { type: 'upsert', service: more }, 1);
  catalog.commit(1);
  assert.equal(catalog.conflicts.get('a')?.length, 1);
  const departed = new Map([['1', 'deregistered' as const]]);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('9', 9)), departed }, 2);
  catalog.commit(2);
  assert.equal(catalog.conflicts.size, 0);
  assert.equal(catalog.snapshot.services.get('a')?.endpoints[0]?.id, '1');
  assert.equal(catalog.snapshot.services.get('a')?.endpoints[0]?.port, 3);
});

test('two protocols are a conflict that the higher priority wins', () => {
  const catalog = read({
    r: { ...service('a', endpoint('1', 1)), protocol: 'grpc' },
    s: { ...service('a', endpoint('2', 2, 1, 's')), protocol: 'http', policyRef: 'p' },
  });
  const { protocol, policyRef } = catalog.snapshot.services.get('a')!;
  assert.equal(protocol, 'grpc');
  assert.equal(policyRef, 'p');
  const other = { source: 's', protocol: 'http' as const };
  assert.deepEqual(catalog.conflicts.get('a'), [
    { type: 'protocol', source: 'r', protocol: 'grpc', other },
  ]);
  catalog.apply('s', { type: 'remove', name: 'a' }, 1);
  catalog.commit(1);
  assert.equal(catalog.conflicts.size, 0);
});

test('a source that has nobody of a service does not say what it speaks', () => {
  const catalog = read({
    r: service('a'),
    s: { ...service('a', endpoint('1', 1, 1, 's')), protocol: 'grpc' },
    t: service('a'),
  });
  const protocol = () => catalog.snapshot.services.get('a')?.protocol;
  assert.equal(protocol(), 'grpc');
  assert.equal(catalog.conflicts.size, 0);
  // The last instance is held; what it speaks has not changed.
  catalog.apply('s', { type: 'upsert', service: service('a') }, 1);
  catalog.commit(1);
  catalog.commit(1 + QUICK.absorb);
  assert.equal(catalog.held('a').get('1')?.reason, 'last-instance');
  assert.equal(protocol(), 'grpc');
  catalog.release('a');
  catalog.commit(1 + QUICK.absorb);
  assert.equal(ids(catalog, 'a'), '');
  assert.equal(protocol(), 'grpc');
});

test('the policy is that of the first source that states one; who says so is no change of it', () => {
  const stated = (retries: number, path: string) => ({
    policy: { retries: { value: retries, origin: { source: 's', path } } },
  });
  const said = service('a', endpoint('2', 2, 1, 's'));
  const catalog = read({
    r: service('a', endpoint('1', 1)),
    s: { ...said, ...stated(1, '/x') },
    t: { ...service('a', endpoint('3', 3, 1, 't')), ...stated(3, '/z') },
  });
  const retries = () => catalog.snapshot.services.get('a')?.policy?.retries;
  assert.equal(retries()?.value, 1);
  const upsert = (policy: object, now: number) => {
    catalog.apply('s', { type: 'upsert', service: { ...said, ...policy } }, now);
    return catalog.commit(now).changes.map(({ type }) => type);
  };
  assert.deepEqual(upsert(stated(1, '/y'), 1), []);
  assert.equal(retries()?.origin.path, '/y', 'but it is known');
  assert.deepEqual(upsert(stated(2, '/y'), 2), ['updated']);
  assert.deepEqual(upsert({}, 3), ['updated']);
  assert.equal(retries()?.value, 3);
});

test('a service is known by the host names that any source states', () => {
  const stating = (source: string, port: number, ...hosts: string[]): Service => ({
    ...service('a', endpoint('1', port, 1, source)),
    hosts,
  });
  const hosts = (catalog: Catalog) => catalog.snapshot.services.get('a')?.hosts;
  const catalog = read({
    r: service('a', endpoint('1', 1)),
    s: stating('s', 2, 'a.service.consul'),
    t: stating('t', 3, 'a.shop.svc'),
  });
  assert.deepEqual(hosts(catalog), ['a.service.consul', 'a.shop.svc']);

  // That alone is a change, and the same once more is none.
  const upsert = (next: Service) => catalog.apply('t', { type: 'upsert', service: next }, 1);
  upsert(stating('t', 3, 'a.shop.svc', 'a.shop.svc.local'));
  assert.equal(catalog.commit(1).changes.length, 1);
  assert.deepEqual(hosts(catalog), ['a.service.consul', 'a.shop.svc', 'a.shop.svc.local']);
  const before = catalog.snapshot.services.get('a');
  upsert(stating('t', 3, 'a.shop.svc', 'a.shop.svc.local'));
  assert.equal(catalog.commit(2).changes.length, 0);
  assert.equal(catalog.snapshot.services.get('a'), before);

  // One source states so much that there is no room for what the others do.
  const many = Array.from({ length: MOST_HOSTS }, (_, i) => `h${i}.x`).sort();
  catalog.apply('r', { type: 'upsert', service: stating('r', 1, ...many) }, 3);
  catalog.commit(3);
  assert.deepEqual(hosts(catalog), many);

  for (const name of ['r', 's']) catalog.apply(name, { type: 'remove', name: 'a' }, 4);
  catalog.commit(4);
  assert.deepEqual(hosts(catalog), ['a.shop.svc', 'a.shop.svc.local']);
});
