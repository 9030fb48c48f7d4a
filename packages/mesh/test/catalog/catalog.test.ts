import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog, NO_POLICIES } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { ids, QUICK, types } from './fixture.ts';

function catalogOf(...names: string[]): Catalog {
  return new Catalog(
    names.map((name) => ({ name, priority: 0 })),
    QUICK,
  );
}

test('nothing is served before every source has had its first complete read', () => {
  const catalog = catalogOf('r', 's');
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  assert.deepEqual(catalog.commit(0).changes, []);
  assert.equal(catalog.ready, false);
  catalog.apply('s', { type: 'reset', services: [] }, 1);
  assert.equal(catalog.ready, true);
  assert.deepEqual(types(catalog.commit(1)), ['added a']);
  assert.equal(catalog.snapshot.revision, 1);
});

test('what operators apply is a revision of its own, and is kept by the next', () => {
  const catalog = catalogOf('r');
  catalog.apply('r', { type: 'reset', services: [service('a')] }, 0);
  const before = catalog.commit(0).snapshot;
  const policies = { ...NO_POLICIES };
  catalog.setPolicies(policies);
  const { snapshot, changes } = catalog.commit(1);
  assert.deepEqual(changes, []);
  assert.equal(snapshot.revision, before.revision + 1);
  assert.equal(snapshot.policies, policies);
  assert.equal(snapshot.services.get('a'), before.services.get('a'));
  assert.equal(catalog.commit(2).snapshot, snapshot);
  catalog.apply('r', { type: 'upsert', service: service('b') }, 3);
  assert.equal(catalog.commit(3).snapshot.policies, policies);
});

test('a service comes, changes and goes; what was not served is no news', () => {
  const catalog = catalogOf('r');
  catalog.apply('r', { type: 'reset', services: [] }, 0);
  catalog.apply('r', { type: 'upsert', service: service('a') }, 1);
  assert.deepEqual(types(catalog.commit(1)), ['added a']);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('1', 1)) }, 2);
  assert.deepEqual(types(catalog.commit(2)), ['updated a']);
  const departed = new Map([['1', 'deregistered' as const]]);
  catalog.apply('r', { type: 'remove', name: 'a', departed }, 3);
  assert.deepEqual(types(catalog.commit(3)), []);
  assert.deepEqual(types(catalog.commit(13)), ['removed a']);
  catalog.apply('r', { type: 'upsert', service: service('b') }, 14);
  catalog.apply('r', { type: 'remove', name: 'b' }, 14);
  assert.deepEqual(types(catalog.commit(14)), []);
  assert.throws(
    () => catalog.apply('x', { type: 'reset', services: [] }, 0),
    /no source is called/,
  );
});

test('an untouched service is the same object from snapshot to snapshot', () => {
  const catalog = catalogOf('r');
  const [a, b] = [service('a', endpoint('1', 1)), service('b', endpoint('1', 1))];
  catalog.apply('r', { type: 'reset', services: [a, b] }, 0);
  const before = catalog.commit(0).snapshot;
  catalog.apply('r', { type: 'upsert', service: service('b', endpoint('1', 2)) }, 1);
  const after = catalog.commit(1).snapshot;
  assert.equal(after.services.get('a'), before.services.get('a'));
  assert.equal(before.services.get('b')?.endpoints[0]?.port, 1);
  assert.notEqual(after.revision, before.revision);
});

test('what is read again with the same content is no revision, but has the newer origin', () => {
  const catalog = catalogOf('r');
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1, 1))] }, 0);
  const before = catalog.commit(0).snapshot;
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1, 1))] }, 1);
  assert.equal(catalog.commit(1).snapshot, before, 'the same transaction');
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1, 9))] }, 2);
  const { snapshot, changes } = catalog.commit(2);
  assert.deepEqual(changes, []);
  assert.equal(snapshot.revision, before.revision);
  assert.equal(snapshot.services.get('a')?.endpoints[0]?.origin.mzxid, 9n);
});

test('all that comes between two commits is one change', () => {
  const catalog = catalogOf('r');
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  const gone = { departed: new Map([['1', 'deregistered' as const]]) };
  catalog.apply('r', { type: 'upsert', service: service('a'), ...gone }, 1);
  catalog.apply('r', { type: 'upsert', service: service('a', endpoint('1', 1, 2)) }, 1);
  // It came back in between: how it left then says nothing of how it leaves now.
  catalog.apply('r', { type: 'upsert', service: service('a') }, 1);
  assert.deepEqual(types(catalog.commit(1)), []);
  catalog.commit(11);
  assert.equal(ids(catalog, 'a'), '1');
  assert.equal(catalog.held('a').get('1')?.reason, 'last-instance');
});
