import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destination, fit } from '@meshkeeper/policy';
import fc from 'fast-check';

test('a name with stars fits what the same regular expression does', () => {
  const letters = { unit: fc.constantFrom(...'ab.*'.split('')), maxLength: 6 };
  const text = fc.string({ unit: fc.constantFrom(...'ab.'.split('')), maxLength: 8 });
  fc.assert(
    fc.property(fc.string(letters), text, (pattern, name) => {
      const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
      const expected = new RegExp(`^${parts.join('.*')}$`).test(name);
      assert.equal(fit(pattern, name) !== undefined, expected, `${pattern} ${name}`);
    }),
    { numRuns: 2000 },
  );
});

test('the more exact a name is, the better it fits', () => {
  const order = ['orders', 'order*', 'ord*', '*s', '*'].map((name) => fit(name, 'orders')!);
  assert.deepEqual(order, [Number.POSITIVE_INFINITY, 5, 3, 1, 0]);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => b - a),
  );
  assert.equal(fit('ab*ba', 'aba'), undefined);
  assert.equal(fit('a*b*b', 'ab'), undefined);
});

test('a reference leads to a service, or to a part of one', () => {
  const subset = (name: string) => destination({ group: 'meshkeeper.io', kind: 'Subset', name });
  assert.deepEqual(subset('orders/v2'), { type: 'subset', service: 'orders', subset: 'v2' });
  // A group of Dubbo may be before the interface.
  assert.deepEqual(subset('g/com.foo.A:1.0/v2'), {
    type: 'subset',
    service: 'g/com.foo.A:1.0',
    subset: 'v2',
  });
  assert.deepEqual(subset('orders'), { type: 'unknown' });
  assert.deepEqual(destination({ group: '', kind: 'Service', name: 'a/b' }), {
    type: 'service',
    service: 'a/b',
  });
  assert.deepEqual(destination({ group: 'x', kind: 'Service', name: 'a' }), { type: 'unknown' });
});
