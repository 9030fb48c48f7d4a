import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { ids, QUICK, types } from './fixture.ts';

const a = service('a', endpoint('1', 1), endpoint('2', 2, 1, 's'), endpoint('3', 3));

function restarted(sources = ['r', 's']): Catalog {
  const catalog = new Catalog(
    ['r', 's'].map((name) => ({ name, priority: 0 })),
    QUICK,
  );
  catalog.restore({ services: [a, service('empty')], sources });
  return catalog;
}

test('what was served before is served at once, and said to be of then', () => {
  const catalog = restarted();
  assert.equal(catalog.ready, true);
  assert.deepEqual(catalog.restored, ['r', 's']);
  assert.deepEqual(types(catalog.commit(0)), ['added a', 'added empty']);
  assert.deepEqual(catalog.snapshot.services.get('a')?.endpoints, a.endpoints);
});

test('what is missing when a source is read is waited for, so that nothing flaps', () => {
  const catalog = restarted();
  catalog.commit(0);
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 5);
  assert.deepEqual(types(catalog.commit(5)), []);
  assert.deepEqual(catalog.restored, ['s']);
  assert.deepEqual(catalog.held('a').get('3'), { reason: 'recovery', since: 5, until: 1_005 });
  catalog.apply('s', { type: 'reset', services: [] }, 500);
  catalog.commit(500);
  assert.equal(ids(catalog, 'empty'), '');
  assert.equal(catalog.snapshot.services.has('empty'), false);
  catalog.commit(1_005);
  assert.equal(ids(catalog, 'a'), '1,2');
  catalog.commit(1_500);
  assert.equal(ids(catalog, 'a'), '1');
});

test('the same content is no change', () => {
  const catalog = restarted();
  const before = catalog.commit(0).snapshot;
  const [one, two, three] = a.endpoints;
  catalog.apply('r', { type: 'reset', services: [service('a', one!, three!)] }, 1);
  catalog.apply('s', { type: 'reset', services: [service('a', two!), service('empty')] }, 1);
  const { snapshot, changes } = catalog.commit(1);
  assert.deepEqual(changes, []);
  assert.equal(snapshot.revision, before.revision);
});

test('a source that had no part in it is waited for', () => {
  const catalog = restarted(['r']);
  assert.equal(catalog.ready, false);
  assert.deepEqual(catalog.commit(0).changes, []);
  catalog.apply('s', { type: 'reset', services: [] }, 1);
  assert.deepEqual(types(catalog.commit(1)), ['added a', 'added empty']);
  assert.equal(ids(catalog, 'a'), '1,3', 'and what was its is not restored');
});

test('what has been read is not overwritten', () => {
  const catalog = new Catalog([{ name: 'r', priority: 0 }], QUICK);
  catalog.apply('r', { type: 'reset', services: [] }, 0);
  catalog.restore({ services: [a], sources: ['r', 'unknown'] });
  assert.deepEqual(catalog.commit(0).changes, []);
  assert.deepEqual(catalog.restored, []);
});
