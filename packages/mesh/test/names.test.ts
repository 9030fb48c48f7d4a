import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aliases,
  fitsPattern,
  hostNameFault,
  MOST_HOSTS,
  statedHostFault,
  statedHosts,
} from '../src/index.ts';

test('two names with one alias get a hash each', () => {
  const alias = aliases(['Orders', 'orders', 'com.foo.A:1.0:g']);
  assert.equal(alias.get('com.foo.A:1.0:g'), 'com.foo.a-1.0-g');
  for (const name of ['Orders', 'orders']) assert.match(alias.get(name)!, /^orders-[0-9a-f]{6}$/);
  assert.notEqual(alias.get('Orders'), alias.get('orders'));
});

test('what can be no host name is told why', () => {
  for (const name of ['a', 'a-b.c_d', 'com.foo.a-1.0-g.mesh', 'a'.repeat(63)])
    assert.equal(hostNameFault(name), undefined, name);
  assert.match(hostNameFault('') ?? '', /empty/);
  assert.match(hostNameFault('a'.repeat(64)) ?? '', /a part of 64/);
  assert.match(hostNameFault(Array(128).fill('a').join('.')) ?? '', /255 characters/);
  for (const name of ['.a', 'a.', 'a..b']) assert.match(hostNameFault(name) ?? '', /a dot/, name);
  for (const name of ['-a', 'a.b-'])
    assert.match(hostNameFault(name) ?? '', /begins or ends/, name);
  assert.match(hostNameFault('ä') ?? '', /characters/);
});

test('a star stands for any characters, of a name that is longer than what surrounds it', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['orders', 'orders', true],
    ['orders', 'orders2', false],
    ['*', '', true],
    ['com.*', 'com.shop.Stock', true],
    ['com.*', 'org.com.x', false],
    ['*.Stock', 'com.shop.Stock', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a**b', 'ab', true],
    ['a*b*b', 'ab', false],
  ];
  for (const [pattern, name, fits] of cases)
    assert.equal(fitsPattern(pattern, name), fits, `${pattern} ~ ${name}`);
});

test('host names that a registry states are taken where they can be, and no more than that', () => {
  assert.deepEqual(statedHosts(['web.shop.svc', 'Web.Service.Consul', 'web.shop.svc']), [
    'web.service.consul',
    'web.shop.svc',
  ]);
  assert.deepEqual(statedHosts(['a.b:1', 'a.b:65535']), ['a.b:1', 'a.b:65535']);
  const many = Array.from({ length: 3 * MOST_HOSTS }, (_, i) => `h${i}.x`);
  assert.equal(statedHosts(many)?.length, MOST_HOSTS);
  const impossible = [
    ...[
      '',
      '*',
      '*.b',
      'a b',
      'a/b',
      'a..b',
      'ä.b',
      'a.b:',
      'a.b:0',
      'a.b:70000',
      'a.b:1:2',
      'a:b',
    ],
    ...['10.0.0.1', '10.0.0.1:80', '::1', 'orders.mesh', 'ORDERS.MESH:80'],
  ];
  for (const host of impossible) assert.notEqual(statedHostFault(host), undefined, host);
  assert.equal(statedHosts(impossible), undefined);
});
