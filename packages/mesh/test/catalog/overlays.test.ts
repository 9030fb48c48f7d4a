import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { OneService, QUICK, types } from './fixture.ts';

test('an operator drains an endpoint, and takes it back', () => {
  const a = new OneService([endpoint('1', 1)]);
  const { catalog } = a;
  const health = () => catalog.snapshot.services.get('a')?.endpoints[0]?.health;
  catalog.overlay('a', '1', { drain: true });
  assert.deepEqual(types(catalog.commit(1)), ['updated a']);
  assert.equal(health(), 'draining');
  a.join(2, endpoint('1', 1, 8)); // registers again
  assert.equal(health(), 'draining');
  catalog.overlay('a', '1', undefined);
  catalog.commit(3);
  assert.equal(health(), 'unknown');
});

test('weight, health and metadata are laid over what the registry says', () => {
  const { catalog } = new OneService([{ ...endpoint('1', 1), metadata: { a: '1', b: '1' } }]);
  const overlay = { weight: 3, health: 'unhealthy', metadata: { b: '2', c: '2' } } as const;
  catalog.overlay('a', '1', overlay);
  catalog.commit(1);
  const [served] = catalog.snapshot.services.get('a')!.endpoints;
  assert.equal(served?.weight, 3);
  assert.equal(served?.health, 'unhealthy');
  assert.deepEqual(served?.metadata, { a: '1', b: '2', c: '2' });
  assert.deepEqual(catalog.overlays('a'), new Map([['1', overlay]]));
});

test('it is in force while the endpoint is held, and can be taken back then', () => {
  const a = new OneService([endpoint('1', 1)]);
  a.catalog.overlay('a', '1', { weight: 3 });
  a.leave(1, 'unknown', '1');
  a.catalog.overlay('a', '1', undefined);
  assert.equal(a.served(20), '1');
  assert.equal(a.catalog.snapshot.services.get('a')?.endpoints[0]?.weight, 100);
});

test('it counts for an instance that is registered twice, whichever registration is left', () => {
  const catalog = new Catalog(
    ['r', 's'].map((name) => ({ name, priority: 0 })),
    QUICK,
  );
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.apply('s', { type: 'reset', services: [service('a', endpoint('x', 1, 1, 's'))] }, 0);
  catalog.overlay('a', '1', { drain: true });
  catalog.commit(0);
  catalog.apply('r', { type: 'remove', name: 'a' }, 1);
  catalog.commit(1);
  const served = () => {
    const [first] = catalog.snapshot.services.get('a')!.endpoints;
    return `${first?.id} ${first?.health}`;
  };
  assert.equal(served(), 'x draining');
  assert.deepEqual(catalog.overlayOf('a', endpoint('x', 1, 1, 's')), { drain: true });
  catalog.commit(1 + QUICK.overlayGrace);
  assert.equal(served(), 'x unknown', 'but not when the one that it names has long been gone');
  assert.deepEqual(catalog.orphanedOverlays, [{ service: 'a', endpoint: '1' }]);
});

test('it counts for the instance that has the id, not for another that is told apart from it', () => {
  const catalog = new Catalog(
    ['r', 's'].map((name) => ({ name, priority: 0 })),
    QUICK,
  );
  catalog.apply('r', { type: 'reset', services: [service('a', endpoint('1', 1))] }, 0);
  catalog.apply('s', { type: 'reset', services: [service('a', endpoint('1', 2, 1, 's'))] }, 0);
  catalog.overlay('a', '1', { drain: true });
  catalog.commit(0);
  const health = catalog.snapshot.services.get('a')!.endpoints.map((each) => each.health);
  assert.deepEqual(health, ['draining', 'unknown']);
});

test('what was said of a process does not count for its successor at the same address', () => {
  const a = new OneService([endpoint('1', 1)]);
  a.catalog.overlay('a', '1', { drain: true });
  a.join(1, endpoint('2', 1, 2)); // restarted, and its old session has not ended
  a.leave(2, 'session-ended', '1');
  const [served] = a.catalog.snapshot.services.get('a')!.endpoints;
  assert.equal(`${served?.id} ${served?.health}`, '2 unknown');
});

test('one whose endpoint is away for long is orphaned, until it is taken back', () => {
  const a = new OneService([endpoint('1', 1), endpoint('2', 2)]);
  const { catalog } = a;
  catalog.overlay('a', '1', { drain: true });
  catalog.overlay('b', '9', { drain: true });
  a.leave(0, 'deregistered', '1'); // gone at 10
  assert.equal(a.served(20_000), '2');
  assert.deepEqual(catalog.orphanedOverlays, [{ service: 'b', endpoint: '9' }]);
  assert.equal(catalog.deadline, 20_010);
  catalog.commit(20_010);
  assert.deepEqual(catalog.orphanedOverlays, [
    { service: 'b', endpoint: '9' },
    { service: 'a', endpoint: '1' },
  ]);
  assert.equal(catalog.deadline, Number.POSITIVE_INFINITY);
  a.join(20_020, endpoint('1', 1, 9));
  assert.deepEqual(catalog.orphanedOverlays, [{ service: 'b', endpoint: '9' }]);
  catalog.overlay('b', '9', undefined);
  catalog.commit(20_030);
  assert.deepEqual(catalog.orphanedOverlays, []);
});

test('one whose endpoint is only held is not orphaned', () => {
  const a = new OneService([endpoint('1', 1)], { maxHold: 100_000 });
  a.catalog.overlay('a', '1', { weight: 1 });
  a.leave(0, 'unknown', '1');
  assert.equal(a.served(90_000), '1');
  assert.deepEqual(a.catalog.orphanedOverlays, []);
});
