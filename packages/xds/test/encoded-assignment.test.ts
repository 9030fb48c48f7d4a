import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Any, decodeResource, encodeResource, HealthStatus } from '../src/index.ts';
import {
  assembleAssignment,
  type EncodedGroup,
} from '../src/resources/endpoint/encoded-assignment.ts';
import { encodedEndpoint } from '../src/resources/endpoint/encoded-endpoint.ts';
import { endpoint } from './fixture.ts';

const EU = { region: 'eu', zone: 'a', subzone: 'rack-1' };
const US = { region: 'us', zone: '', subzone: '' };

function decoded(name: string, groups: readonly EncodedGroup[]) {
  return decodeResource('endpoint', Any.decode(assembleAssignment(name, groups)));
}

test('an assembled assignment is what protobufjs makes of the message, byte by byte', () => {
  const policy = { overprovisioningFactor: { value: 140 }, weightedPriorityHealth: true };
  const first = [endpoint(1), endpoint(2, { address: '2001:db8::1', health: 'draining' })];
  const second = Array.from({ length: 1000 }, (_, i) => endpoint(10_000 + i));
  const groups = [
    { locality: EU, weight: 7, endpoints: first.map((each) => encodedEndpoint(each, 300)) },
    {
      ...{ locality: US, weight: 0xffff_ffff, priority: 1 },
      endpoints: second.map((each) => encodedEndpoint(each, 1)),
    },
    { locality: US, weight: 1, priority: 300, endpoints: [] },
  ];
  const host = (address: string, portValue: number, healthStatus: HealthStatus, value: number) => {
    const at = { address: { socketAddress: { address, portValue } } };
    return { endpoint: at, healthStatus, loadBalancingWeight: { value } };
  };
  const { HEALTHY, DRAINING } = HealthStatus;
  const expected = encodeResource('endpoint', {
    clusterName: 'größe',
    endpoints: [
      {
        locality: { region: 'eu', zone: 'a', subZone: 'rack-1' },
        loadBalancingWeight: { value: 7 },
        lbEndpoints: [host('127.0.0.1', 1, HEALTHY, 300), host('2001:db8::1', 2, DRAINING, 300)],
      },
      {
        locality: { region: 'us', zone: '', subZone: '' },
        loadBalancingWeight: { value: 0xffff_ffff },
        priority: 1,
        lbEndpoints: second.map(({ port }) => host('127.0.0.1', port, HEALTHY, 1)),
      },
      {
        locality: { region: 'us', zone: '', subZone: '' },
        loadBalancingWeight: { value: 1 },
        priority: 300,
      },
    ],
    policy,
  });
  assert.deepEqual(assembleAssignment('größe', groups, policy), expected);
});

test('an assignment without groups', () => {
  const expected = encodeResource('endpoint', { clusterName: 'shop' });
  assert.deepEqual(assembleAssignment('shop', []), expected);
});

test('lengths at the edges of a varint', () => {
  for (const length of [0, 1, 117, 118, 119, 120, 126, 127, 128, 16_370, 16_383, 16_384]) {
    const name = 'x'.repeat(length);
    const locality = { region: name, zone: '', subzone: '' };
    const endpoints = [encodedEndpoint(endpoint(1), 1)];
    const assignment = decoded(name, [{ locality, weight: 1, endpoints }]);
    assert.equal(assignment.clusterName, name);
    assert.equal(assignment.endpoints?.[0]?.locality?.region, name);
    assert.equal(assignment.endpoints?.[0]?.lbEndpoints?.length, 1);
  }
});

test('an endpoint is encoded once for as long as it is the same, and anew with another weight', () => {
  const one = endpoint(1);
  const text = encodedEndpoint(one, 5);
  assert.notEqual(encodedEndpoint(one, 6), text);
  assert.equal(encodedEndpoint(one, 5), text);
  assert.equal(encodedEndpoint(endpoint(1), 5), text);
  let reads = 0;
  const counted = new Proxy(one, {
    get: (target, key) => {
      reads++;
      return Reflect.get(target, key);
    },
  });
  assert.equal(encodedEndpoint(counted, 5), text);
  const first = reads;
  assert.equal(encodedEndpoint(counted, 5), text);
  assert.equal(reads, first);
});
