import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Catalog, type Commit, type Service } from '../src/index.ts';
import { endpoint, service } from './sample.ts';

const absorb = { steady: 10, recovery: 1000 };

function ids(catalog: Catalog, name: string): string[] {
  return catalog.snapshot.services.get(name)?.endpoints.map(({ id }) => id) ?? [];
}

function types({ changes }: Commit): string[] {
  return changes.map(({ type, name }) => `${type} ${name}`);
}

test('nothing is served before every source has had its first complete read', () => {
  const catalog = new Catalog(['r', 's'], absorb);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  assert.deepEqual(catalog.commit(0).changes, []);
  assert.equal(catalog.ready, false);
  catalog.apply('s', { type: 'reset', services: [] }, 1);
  assert.equal(catalog.ready, true);
  assert.deepEqual(types(catalog.commit(1)), ['added a']);
  assert.equal(catalog.snapshot.revision, 1);
});

test('an endpoint that is deleted and created again at once never went away', () => {
  const catalog = new Catalog(['r'], absorb);
  catalog.apply(
    'r',
    { type: 'reset', services: [service('a', endpoint('1', 1), endpoint('2', 2))] },
    0,
  );
  catalog.commit(0);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('2', 2)) }, 5);
  assert.deepEqual(types(catalog.commit(5)), []);
  assert.deepEqual([...catalog.held('a')], ['1']);
  assert.equal(catalog.deadline, 15);
  catalog.apply(
    'r',
    { type: 'upsert', service: service('a', endpoint('1', 1, 7), endpoint('2', 2)) },
    9,
  );
  assert.deepEqual(types(catalog.commit(9)), []);
  assert.equal(catalog.snapshot.services.get('a')?.endpoints[0]?.origin.czxid, 7n);
  assert.equal(catalog.deadline, Number.POSITIVE_INFINITY);
});

test('an endpoint that stays away goes when its time is over', () => {
  const catalog = new Catalog(['r'], absorb);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  catalog.apply('r', { type: 'remove', name: 'a' }, 5);
  assert.deepEqual(types(catalog.commit(5)), []);
  assert.deepEqual(types(catalog.commit(14)), []);
  assert.deepEqual(types(catalog.commit(15)), ['removed a']);
});

test('one that registers anew under another id replaces its old self at once', () => {
  const catalog = new Catalog(['r'], absorb);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('new', 1, 2)) }, 5);
  catalog.commit(5);
  assert.deepEqual(ids(catalog, 'a'), ['new']);
});

test('after an outage what is missing is kept for as long as clients take to come back', () => {
  const catalog = new Catalog(['r'], absorb);
  const all = service('a', endpoint('1', 1), endpoint('2', 2));
  catalog.apply('r', { type: 'reset', services: [all] }, 0);
  catalog.commit(0);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 100);
  catalog.commit(100);
  assert.deepEqual(ids(catalog, 'a'), ['1', '2']);
  catalog.apply('r', { type: 'remove', name: 'a' }, 500); // within the same recovery
  catalog.commit(500);
  assert.deepEqual(ids(catalog, 'a'), ['1', '2']);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('1', 1, 9)) }, 600);
  assert.deepEqual(types(catalog.commit(600)), []);
  assert.deepEqual(types(catalog.commit(1100)), ['updated a']);
  assert.deepEqual(ids(catalog, 'a'), ['1']);
});

test('registered twice is served once, as the more trusted source says', () => {
  const catalog = new Catalog(['r', 's'], absorb);
  const twin = { ...endpoint('other', 1, 1, 's'), weight: 7 };
  catalog.apply(
    's',
    { type: 'reset', services: [service('a', twin, endpoint('2', 2, 1, 's'))] },
    0,
  );
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  assert.deepEqual(ids(catalog, 'a'), ['1', '2']);
  const restarted = service('b', endpoint('old', 5, 1), endpoint('young', 5, 2));
  catalog.apply('r', { type: 'upsert', service: restarted }, 1);
  catalog.commit(1);
  assert.deepEqual(ids(catalog, 'b'), ['young']);
});

test('an operator drains an endpoint, and takes it back', () => {
  const catalog = new Catalog(['r'], absorb);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  const health = () => catalog.snapshot.services.get('a')?.endpoints[0]?.health;
  catalog.overlay('a', '1', { drain: true });
  assert.deepEqual(types(catalog.commit(1)), ['updated a']);
  assert.equal(health(), 'draining');
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('1', 1, 8)) }, 2);
  catalog.commit(2);
  assert.equal(health(), 'draining');
  catalog.overlay('a', '1', undefined);
  catalog.commit(3);
  assert.equal(health(), 'unknown');
});

test('an untouched service is the same object from snapshot to snapshot', () => {
  const catalog = new Catalog(['r'], absorb);
  catalog.apply(
    'r',
    { type: 'reset', services: [service('a', endpoint('1', 1)), service('b', endpoint('1', 1))] },
    0,
  );
  const before = catalog.commit(0).snapshot;
  catalog.apply('r', { type: 'upsert', service: service('b', endpoint('1', 2)) }, 1);
  const after = catalog.commit(1).snapshot;
  assert.equal(after.services.get('a'), before.services.get('a'));
  assert.equal(before.services.get('b')?.endpoints[0]?.port, 1);
  assert.notEqual(after.revision, before.revision);
});

test('whatever comes in whatever order, quiet brings the catalog to what the sources say', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const some = fc
    .uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 })
    .map((ports) => ports.map((port) => endpoint(String(port), port)));
  const change = fc.oneof(
    fc.record({ type: fc.constant('upsert' as const), name, endpoints: some }),
    fc.record({ type: fc.constant('remove' as const), name }),
    fc.record({ type: fc.constant('reset' as const), services: fc.dictionary(name, some) }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), change)), (steps) => {
      const catalog = new Catalog(['r'], absorb);
      const truth = new Map<string, Service>();
      catalog.apply('r', { type: 'reset', services: [] }, 0);
      let now = 0;
      for (const [wait, step] of steps) {
        now += wait;
        if (step.type === 'upsert') {
          truth.set(step.name, service(step.name, ...step.endpoints));
          catalog.apply('r', { type: 'upsert', service: truth.get(step.name)! }, now);
        } else if (step.type === 'remove') {
          truth.delete(step.name);
          catalog.apply('r', step, now);
        } else {
          truth.clear();
          for (const [key, endpoints] of Object.entries(step.services))
            truth.set(key, service(key, ...endpoints));
          catalog.apply('r', { type: 'reset', services: [...truth.values()] }, now);
        }
        const { snapshot } = catalog.commit(now);
        for (const { name, endpoints } of truth.values())
          for (const { id } of endpoints)
            assert.ok(snapshot.services.get(name)?.endpoints.some((served) => served.id === id));
      }
      const { snapshot } = catalog.commit(now + absorb.recovery);
      const sorted = (services: Iterable<Service>) =>
        [...services]
          .map(({ name, endpoints }) => `${name} ${endpoints.map(({ id }) => id).sort()}`)
          .sort();
      assert.deepEqual(sorted(snapshot.services), sorted(truth.values()));
    }),
  );
});
