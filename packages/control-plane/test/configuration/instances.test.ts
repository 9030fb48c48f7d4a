import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveResolved } from '@meshkeeper/config';
import { Instances } from '../../src/configuration/instances.ts';

test('instances are forgotten when they are too many, or have not asked for long', () => {
  let now = 0;
  const instances = new Instances({ now: () => now, most: 3, after: 100 });
  const resolved: LiveResolved = {
    ...{ application: 'shop', profiles: [], digest: 'd', revision: 1n, stale: false },
    ...{ layers: [], values: new Map() },
  };
  const saw = (id: string, application = 'shop') =>
    instances.saw({ application, instance: { id } }, resolved);
  const ids = () => instances.of('shop').map(({ id }) => id);
  for (const id of ['a', 'b', 'c']) saw(id);
  saw('a');
  saw('d');
  assert.deepEqual(ids(), ['c', 'a', 'd']);
  instances.saw({ application: 'shop' }, resolved);
  saw('x', 'other');
  assert.deepEqual(ids(), ['a', 'd']);
  now = 60;
  saw('d');
  now = 130;
  assert.deepEqual(ids(), ['d']);
});
