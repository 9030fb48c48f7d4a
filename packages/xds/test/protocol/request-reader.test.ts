import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DiscoveryRequest } from '../../src/codec/messages.ts';
import { RequestReader } from '../../src/server/request-reader.ts';
import { brief, Harness, only } from './harness.ts';

const typeUrl = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const names = Array.from({ length: 300 }, (_, i) => `service-${i}`);

function bytesOf(request: DiscoveryRequest): Buffer {
  return Buffer.from(DiscoveryRequest.encode(request).finish());
}

/** The fields that a stream looks at. */
function essence({ typeUrl, responseNonce, resourceNames, errorDetail, node }: DiscoveryRequest) {
  const more = { errorDetail: errorDetail ?? null, node: node ?? null };
  return {
    typeUrl: typeUrl ?? '',
    nonce: responseNonce ?? '',
    names: resourceNames ?? [],
    ...more,
  };
}

describe('requests of the state of the world', () => {
  test('are read as protobufjs reads them, whatever came before', () => {
    const requests: DiscoveryRequest[] = [
      { node: { id: 'a' }, typeUrl, resourceNames: names },
      { typeUrl, resourceNames: names, responseNonce: '1', versionInfo: 'v' },
      { typeUrl, resourceNames: names, responseNonce: '3', errorDetail: { code: 3, message: 'x' } },
      { typeUrl, resourceNames: names.slice(1), responseNonce: '2' },
      { typeUrl: 'other', resourceNames: names, responseNonce: '4' },
      { typeUrl, resourceNames: [...names.slice(1), 'größe'], responseNonce: 'ä' },
      { typeUrl, resourceNames: [...names.slice(1), 'größe'], responseNonce: 'ö' },
      { typeUrl, resourceNames: ['x'.repeat(3000)], responseNonce: '5' },
      { typeUrl, resourceNames: ['x'.repeat(3000)], responseNonce: '6' },
      { typeUrl, resourceNames: ['a', 'b'] },
      { typeUrl },
      {},
    ];
    const reader = new RequestReader();
    for (const request of requests) {
      const bytes = bytesOf(request);
      const found = essence(reader.read(bytes));
      assert.deepEqual(found, essence(DiscoveryRequest.decode(bytes)));
    }
  });

  test('with the same names give the same list, of each type', () => {
    const reader = new RequestReader();
    const read = (url: string, nonce: string, asked: string[]) =>
      reader.read(bytesOf({ typeUrl: url, resourceNames: asked, responseNonce: nonce }))
        .resourceNames;
    const first = read(typeUrl, '1', names);
    const other = read('other', '1', names);
    assert.equal(read(typeUrl, '2', names), first);
    assert.equal(read('other', '2', names), other);
    const fewer = read(typeUrl, '3', names.slice(1));
    assert.notEqual(fewer, first);
    assert.notEqual(read(typeUrl, '4', names), first, 'only the last is kept');
  });

  test('whose names are apart are read whole', () => {
    const one = bytesOf({ resourceNames: names });
    const reader = new RequestReader();
    for (const nonce of ['1', '2', '2']) {
      const between = bytesOf({ typeUrl, responseNonce: nonce });
      const { resourceNames, responseNonce } = reader.read(Buffer.concat([one, between, one]));
      assert.deepEqual([resourceNames, responseNonce], [[...names, ...names], nonce]);
    }
  });

  test('that are cut are none', () => {
    const reader = new RequestReader();
    const whole = bytesOf({ typeUrl, resourceNames: names, responseNonce: '1' });
    reader.read(whole);
    const { length } = bytesOf({ resourceNames: names });
    for (const cut of [whole.length - 1, length + 1, length - 1])
      assert.throws(() => reader.read(whole.subarray(0, cut)));
  });

  test('names of a request that did not count are asked for by the next that has them', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a']);
    const [first] = stream.pull();
    harness.set('endpoint', { a: 2 });
    stream.now += 10_000;
    const [second] = stream.pull();
    const list = ['a', 'b'];
    // It answers the response before the last: the same list comes again with the last one's nonce.
    stream.request('endpoint', list, { responseNonce: first?.nonce ?? '' });
    assert.deepEqual(stream.pull(), []);
    stream.request('endpoint', list, { responseNonce: second?.nonce ?? '' });
    const third = only(stream.pull());
    assert.deepEqual(brief([third]), ['endpoint: b']);
    stream.request('endpoint', list, { responseNonce: 'stale' });
    assert.deepEqual(stream.pull(), []);
    // As many, but others.
    harness.set('endpoint', { c: 1 });
    stream.ack(third, ['b', 'c']);
    assert.deepEqual(brief(stream.pull()), ['endpoint: c']);
  });
});
