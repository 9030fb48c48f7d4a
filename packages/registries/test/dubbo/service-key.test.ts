import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dubboKeyOf, keyOf, matches, nameOf } from '../../src/dubbo/service-key.ts';

const key = (iface: string, version = '', group = '') => ({ interface: iface, version, group });

describe('services of Dubbo', () => {
  test('names in the catalog, without empty parts at the end', () => {
    assert.equal(nameOf(key('a.B')), 'a.B');
    assert.equal(nameOf(key('a.B', '1.0')), 'a.B:1.0');
    assert.equal(nameOf(key('a.B', '1.0', 'g')), 'a.B:1.0:g');
    assert.equal(nameOf(key('a.B', '', 'g')), 'a.B::g');
    assert.deepEqual(keyOf('a.B::'), key('a.B'));
  });

  test("Dubbo's own way", () => {
    assert.equal(dubboKeyOf(key('a.B', '1.0', 'g')), 'g/a.B:1.0');
    assert.equal(dubboKeyOf(key('a.B')), 'a.B');
  });

  test('a name comes back', () => {
    const plain = fc.string().map((text) => text.replaceAll(':', ''));
    const check = fc.property(plain, plain, fc.string(), (iface, version, group) => {
      assert.deepEqual(keyOf(nameOf(key(iface, version, group))), key(iface, version, group));
    });
    fc.assert(check, { numRuns: 1_000, seed: 1 });
  });

  test('whom a consumer is given', () => {
    const service = key('I', '1.0', 'g');
    for (const wanted of [
      service,
      key('*', '*', '*'),
      key('I', '*', 'g'),
      key('I', '1.0', '*'),
      key('I', '1.0', 'f, g'),
      key('I', '2.0,1.0', 'g'),
    ])
      assert.equal(matches(service, wanted), true, nameOf(wanted));
    for (const wanted of [
      key('I'),
      key('I', '1.0'),
      key('I', '', 'g'),
      key('J', '1.0', 'g'),
      key('I', '1.*', 'g'),
      key('I', '1.0', 'gg'),
      key('I', '1.0', 'f,h'),
    ])
      assert.equal(matches(service, wanted), false, nameOf(wanted));
  });

  test('a service without a group is no more than any, or an empty part of a list', () => {
    assert.equal(matches(key('I'), key('I', '*', '*')), true);
    assert.equal(matches(key('I'), key('I', '', 'g,')), true);
    assert.equal(matches(key('I'), key('I', '', 'g')), false);
  });
});
