import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  certifiedNames,
  decodeServiceName,
  encodeServiceName,
  parseSpiffeId,
  spiffeIdOf,
} from '../src/index.ts';
import { code, NOBODY_ELSE } from './stage.ts';

/** Names as registries have them, and any other. */
const name = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.string({
    minLength: 1,
    unit: fc.constantFrom('_', '__', '.', '-', '/', ':', '5', 'f', 'F', '%'),
  }),
);

test('a name and its encoding stand for each other, in letters that SPIFFE allows', () => {
  fc.assert(
    fc.property(name, (text) => {
      const encoded = encodeServiceName(text);
      assert.match(encoded, /^[A-Za-z0-9._-]+$/);
      assert.ok(encoded !== '.' && encoded !== '..');
      assert.equal(decodeServiceName(encoded), text);
    }),
    { numRuns: 2_000 },
  );
});

test('no text but the encoding of a name is read as one', () => {
  const close = fc.string({
    unit: fc.constantFrom('_', '2', '5', 'f', 'e', 'F', '.', 'a', 'ü', '/'),
  });
  fc.assert(
    fc.property(close, (text) => {
      const decoded = decodeServiceName(text);
      if (decoded !== undefined) assert.equal(encodeServiceName(decoded), text);
    }),
    { numRuns: 5_000 },
  );
  // Not one of a letter that needs none, half a character, capital letters, a dot alone.
  for (const text of ['', '.', '..', '_61', '_c3', '_3A', '_', 'a_', 'a_0', 'a b', 'a%2f'])
    assert.equal(decodeServiceName(text), undefined, text);
});

test('identities of services of all dialects', () => {
  const id = (service: string) => spiffeIdOf({ trustDomain: 'mesh', service });
  assert.equal(id('orders'), 'spiffe://mesh/service/orders');
  assert.equal(id('order_items'), 'spiffe://mesh/service/order__items');
  assert.equal(
    id('com.acme.Orders:1.0:blue'),
    'spiffe://mesh/service/com.acme.Orders_3a1.0_3ablue',
  );
  assert.equal(id('shop/web'), 'spiffe://mesh/service/shop_2fweb');
  assert.equal(id('..'), 'spiffe://mesh/service/_2e_2e');
  const service = 'shop/web:80';
  assert.deepEqual(parseSpiffeId(id(service)), { trustDomain: 'mesh', service });
  for (const text of [
    'spiffe://mesh',
    'spiffe://mesh/service/',
    'spiffe://MESH/service/a',
    'http://x',
  ])
    assert.equal(parseSpiffeId(text), undefined, text);
  for (const service of ['', 'x'.repeat(2048), '\ud800'])
    assert.throws(() => id(service), code('NOT_VALID'));
});

test('a service has its own DNS names, those of zones that somebody has named, and nobody else’s', () => {
  const names = (
    service: string,
    wanted: string[] = [],
    others: string[] = [],
    zones: string[] = [],
  ) => certifiedNames(service, wanted, { services: others, zones });
  assert.deepEqual(names('orders'), ['orders', 'orders.mesh']);
  assert.deepEqual(names('com.acme.Orders:1.0'), ['com.acme.orders-1.0.mesh']);
  assert.deepEqual(names('orders', ['orders.mesh']), ['orders', 'orders.mesh']);
  assert.deepEqual(names('orders', ['a.shop.internal'], [], ['Shop.internal']), [
    ...['orders', 'orders.mesh', 'a.shop.internal'],
  ]);
  // Two names that differ by capital letters only have aliases of their own, and neither has the plain one.
  const [alias, ...more] = names('Orders', [], ['orders']);
  assert.match(alias!, /^orders-[0-9a-f]{6}\.mesh$/);
  assert.deepEqual(more, []);
  const refused: [string, string[], string[]][] = [
    ['carts', ['carts'], []],
    ['carts.mesh', [], ['mesh']],
    ['carts.mesh', ['carts'], ['mesh']],
    ['leader.orders.mesh', [], []],
    ['example.com', [], ['ample.com']],
    ['*.shop.internal', [], ['shop.internal']],
    ['a..b', [], ['b']],
    ['carts', ['Carts'], ['carts']],
  ];
  for (const [wanted, others, zones] of refused)
    assert.throws(() => names('orders', [wanted], others, zones), code('NOT_VALID'), wanted);
  const many = Array.from({ length: 40 }, (_, i) => `n${i}.x`);
  assert.throws(
    () => certifiedNames('a', many, { ...NOBODY_ELSE, zones: ['x'] }),
    code('NOT_VALID'),
  );
});
