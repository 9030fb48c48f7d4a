import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashedServiceName, plainServiceName, ServiceNames } from '../../src/sync/service-name.ts';

describe('names of Services', () => {
  it('are DNS-1035 labels, whatever a service is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'aZ09-.:/_ é漢\0'), maxLength: 120 }),
        (name) => {
          for (const made of [plainServiceName(name), hashedServiceName(name)])
            assert.match(made, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
        },
      ),
    );
  });

  it('keep what is valid', () => {
    assert.equal(plainServiceName('orders-v2'), 'orders-v2');
    assert.equal(plainServiceName('com.acme.Orders:1.0:eu'), 'com-acme-orders-1-0-eu');
    assert.equal(plainServiceName('3scale'), 's-3scale');
    assert.equal(plainServiceName('---'), 's');
  });

  it('tell long ones apart by their end', () => {
    const [a, b] = [plainServiceName(`${'x'.repeat(70)}a`), plainServiceName(`${'x'.repeat(70)}b`)];
    assert.equal(a.length, 63);
    assert.notEqual(a, b);
  });

  it('of services that would share one: the one whose own name it is keeps it', () => {
    const names = new ServiceNames();
    names.add('Orders');
    assert.equal(names.of('Orders'), 'orders');
    assert.deepEqual(names.add('orders'), ['Orders']);
    assert.equal(names.of('orders'), 'orders');
    assert.match(names.of('Orders'), /^orders-[0-9a-f]{6}$/);
    assert.deepEqual(names.add('orders'), []);
    assert.deepEqual(names.delete('orders'), ['Orders']);
    assert.equal(names.of('Orders'), 'orders');
  });
});
