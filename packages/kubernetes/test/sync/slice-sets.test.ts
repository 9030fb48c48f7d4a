import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import { sliceAddress } from '../../src/sync/address.ts';
import { sliceSets } from '../../src/sync/slice-sets.ts';
import { parseWeights, weightsText } from '../../src/sync/weights.ts';

function endpoint(id: string, over: Partial<Endpoint> = {}): Endpoint {
  return {
    id,
    address: `10.0.0.${id}`,
    port: 8080,
    weight: 100,
    locality: { region: '', zone: '', subzone: '' },
    health: 'healthy',
    metadata: {},
    origin: { registry: 'r', path: `/${id}`, czxid: 0n, mzxid: 0n, mtime: 0 },
    ...over,
  };
}

function service(...endpoints: Endpoint[]): Service {
  return { name: 'orders', protocol: 'http', endpoints };
}

function conditions(over: Partial<Endpoint>) {
  const [set] = sliceSets(service(endpoint('1', over))).sets.values();
  return set!.endpoints.get('10.0.0.1')!.endpoint.conditions;
}

describe('what slices hold of a service', () => {
  it('is one set for each address type and port', () => {
    const { sets } = sliceSets(
      service(endpoint('1'), endpoint('2', { port: 9090 }), endpoint('3', { address: 'fd00::3' })),
    );
    assert.deepEqual(
      [...sets.keys()],
      ['IPv4 http/8080/TCP/http', 'IPv4 http/9090/TCP/http', 'IPv6 http/8080/TCP/http'],
    );
  });

  it('says health and draining as conditions', () => {
    const yes = { ready: true, serving: true, terminating: false };
    assert.deepEqual(conditions({}), yes);
    assert.deepEqual(conditions({ health: 'unknown' }), yes);
    assert.deepEqual(conditions({ health: 'unhealthy' }), {
      ready: false,
      serving: false,
      terminating: false,
    });
    assert.deepEqual(conditions({ health: 'draining' }), {
      ready: false,
      serving: true,
      terminating: true,
    });
    assert.deepEqual(conditions({ weight: 0 }), {
      ready: false,
      serving: true,
      terminating: false,
    });
  });

  it('is without addresses that the API takes in no slice, which are told', () => {
    const bad = ['127.0.0.1', '169.254.1.1', '0.0.0.0', 'orders.example.com', '::1', 'fe80::1'];
    const { sets, rejected } = sliceSets(
      service(endpoint('1'), ...bad.map((address, i) => endpoint(`b${i}`, { address }))),
    );
    assert.equal([...sets.values()][0]!.endpoints.size, 1);
    assert.equal(rejected.size, bad.length);
    assert.match(rejected.get('b0')!, /127\.0\.0\.1 is a loopback address/);
  });

  it('has an address once: ready, if one of its names is', () => {
    const { sets } = sliceSets(
      service(endpoint('1', { health: 'unhealthy' }), endpoint('2', { address: '10.0.0.1' })),
    );
    const [set] = sets.values();
    assert.equal(set!.endpoints.size, 1);
    assert.equal(set!.endpoints.get('10.0.0.1')!.endpoint.conditions?.ready, true);
  });

  it('hints zones only when every endpoint that is ready has one', () => {
    const zone = (name: string) => ({ locality: { region: '', zone: name, subzone: '' } });
    const hints = (...endpoints: Endpoint[]) =>
      [...[...sliceSets(service(...endpoints), true).sets.values()][0]!.endpoints.values()].map(
        ({ endpoint: { hints } }) => hints?.forZones?.[0]?.name,
      );
    assert.deepEqual(hints(endpoint('1', zone('a')), endpoint('2', zone('b'))), ['a', 'b']);
    assert.deepEqual(hints(endpoint('1', zone('a')), endpoint('2')), [undefined, undefined]);
    const sick = endpoint('2', { health: 'unhealthy' });
    assert.deepEqual(hints(endpoint('1', zone('a')), sick), ['a', undefined]);
  });

  it('has unusual weights beside it', () => {
    const [set] = sliceSets(service(endpoint('1'), endpoint('2', { weight: 5 }))).sets.values();
    const text = weightsText([...set!.endpoints.values()]);
    assert.equal(text, '{"10.0.0.2":5}');
    assert.deepEqual([...parseWeights(text)], [['10.0.0.2', 5]]);
    assert.deepEqual([...parseWeights('none'), ...parseWeights('null')], []);
    assert.equal(weightsText([]), undefined);
  });
});

describe('addresses', () => {
  it('of IPv6 are written as the API wants them', () => {
    assert.deepEqual(sliceAddress('2001:DB8:0:0::1'), { type: 'IPv6', address: '2001:db8::1' });
    assert.deepEqual(sliceAddress('::ffff:10.1.2.3'), { type: 'IPv4', address: '10.1.2.3' });
  });

  it('that the API takes are taken, odd as they are', () => {
    for (const address of ['255.255.255.255', '240.0.0.1', '239.1.1.1', 'ff05::1'])
      assert.ok('address' in sliceAddress(address), address);
  });

  it('that it does not take are not', () => {
    const bad = ['010.0.0.1', '::', '::ffff:127.0.0.1', 'fe80::1%eth0', '224.0.0.5', 'ff02::1', ''];
    for (const address of bad) assert.ok('fault' in sliceAddress(address), address);
  });
});
