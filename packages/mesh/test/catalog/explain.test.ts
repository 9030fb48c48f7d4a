import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { OneService, QUICK } from './fixture.ts';

test('each registration is shown, with what is made of it and why', () => {
  const sources = [
    { name: 'low', priority: 0 },
    { name: 'r', priority: 9 },
    { name: 's', priority: 9 },
  ];
  const catalog = new Catalog(sources, QUICK);
  const [young, old] = [endpoint('1', 1, 5), endpoint('0', 1, 2)];
  const [twin, low] = [endpoint('1', 1, 1, 's'), { ...endpoint('l', 1, 1, 'low'), weight: 7 }];
  catalog.apply('r', { type: 'reset', services: [service('a', old, young)] }, 0);
  catalog.apply('s', { type: 'reset', services: [service('a', twin)] }, 0);
  catalog.apply('low', { type: 'reset', services: [service('a', low)] }, 0);
  catalog.overlay('a', '1', { drain: true });
  catalog.commit(0);
  const explanation = catalog.explain('a');
  const says = (endpoints: number) => ({ protocol: 'http', endpoints });
  assert.deepEqual(explanation.sources, [
    { name: 'r', priority: 9, reading: 'read', says: says(2) },
    { name: 's', priority: 9, reading: 'read', says: says(1) },
    { name: 'low', priority: 0, reading: 'read', says: says(1) },
  ]);
  const duplicate = (because: string) => ({ type: 'duplicate', of: '1', because });
  assert.deepEqual(explanation.endpoints, [
    {
      id: '1',
      address: '10.0.0.1',
      port: 1,
      registrations: [
        { source: 'r', endpoint: young, decision: { type: 'served' } },
        { source: 'r', endpoint: old, decision: duplicate('older') },
        { source: 's', endpoint: twin, decision: duplicate('configured-later') },
        { source: 'low', endpoint: low, decision: duplicate('lower-priority') },
      ],
      overlay: { drain: true },
      served: { ...young, health: 'draining', weight: 7 },
    },
  ]);
});

test('what is held is shown with its state, and what has gone with how it left', () => {
  const a = new OneService([endpoint('1', 1), endpoint('2', 2), endpoint('3', 3)]);
  a.leave(0, 'unknown', '1');
  a.served(10);
  a.leave(20, 'unknown', '2');
  a.catalog.hold('a');
  a.catalog.commit(20);
  const { endpoints, gone, hold, alarm } = a.catalog.explain('a');
  assert.equal(hold, true);
  assert.equal(alarm, undefined);
  assert.deepEqual(
    endpoints.map(({ id, held, registrations }) => [id, held?.reason, registrations.length]),
    [
      ['2', 'operator', 0],
      ['3', undefined, 1],
    ],
  );
  assert.deepEqual(gone, [{ endpoint: endpoint('1', 1), departure: 'unknown', at: 0 }]);
});

test('before the first complete read, and of what nobody knows, it says so', () => {
  const catalog = new Catalog(
    ['r', 's'].map((name) => ({ name, priority: 0 })),
    QUICK,
  );
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.commit(0);
  const explanation = catalog.explain('a');
  assert.equal(explanation.ready, false);
  assert.deepEqual(
    explanation.sources.map(({ name, reading }) => `${name} ${reading}`),
    ['r read', 's unread'],
  );
  assert.equal(explanation.endpoints[0]?.registrations.length, 1);
  assert.equal(explanation.endpoints[0]?.served, undefined);
  assert.deepEqual(catalog.explain('nobody').endpoints, []);
});
