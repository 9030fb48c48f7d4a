import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../sample.ts';
import { OneService, types } from './fixture.ts';

test('who leads has the role, and no other, until it is not followed any more', () => {
  const said = { ...endpoint('1', 1), role: 'leader' } as const;
  const { catalog } = new OneService([said, endpoint('2', 2)]);
  const leads = () =>
    catalog.snapshot.services
      .get('a')
      ?.endpoints.filter(({ role }) => role === 'leader')
      .map(({ id }) => id);
  assert.deepEqual(leads(), ['1'], 'as the registry says');
  catalog.elect('a', '2');
  assert.deepEqual(types(catalog.commit(1)), ['updated a']);
  assert.deepEqual(leads(), ['2']);
  catalog.elect('a', '2');
  assert.deepEqual(types(catalog.commit(2)), [], 'no news');
  catalog.elect('a', undefined);
  catalog.commit(3);
  assert.deepEqual(leads(), []);
  catalog.forgetLeader('a');
  catalog.commit(4);
  assert.deepEqual(leads(), ['1']);
});

test('an endpoint that leads and is not there yet leads when it comes', () => {
  const one = new OneService([endpoint('1', 1)]);
  const { catalog } = one;
  catalog.elect('a', '2');
  catalog.commit(1);
  one.join(2, endpoint('2', 2));
  const [first, second] = catalog.snapshot.services.get('a')!.endpoints;
  assert.deepEqual([first?.role, second?.role], [undefined, 'leader']);
});
