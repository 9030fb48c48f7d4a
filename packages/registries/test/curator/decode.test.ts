import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_LOCALITY, type Problem } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { decodeInstance, encodeInstance, SPRING_PAYLOAD_CLASS } from '../../src/index.ts';
import { znode } from '../znode.ts';

const instance = {
  name: 'app',
  id: 'json-id',
  address: '10.0.0.1',
  port: 8080,
  sslPort: null,
  payload: null,
  registrationTimeUTC: 1,
  serviceType: 'DYNAMIC',
  uriSpec: null,
} as const;
const spring = (metadata: unknown) => ({
  payload: { '@class': SPRING_PAYLOAD_CLASS, id: 'app', name: 'app', metadata },
});

const decode = (data: string | Buffer) =>
  decodeInstance(
    { registry: 'r', locality: NO_LOCALITY },
    'node-id',
    znode('/s/app/node-id', data),
  );
const decodeJson = (fields: object) => decode(JSON.stringify({ ...instance, ...fields }));
function endpointOf(fields: object) {
  const decoded = decodeJson(fields);
  assert.ok(decoded.type === 'instance', JSON.stringify(fields));
  return decoded.endpoint;
}
function assertProblem(data: string | Buffer, code: Problem['code'], message: RegExp) {
  const decoded = decode(data);
  assert.ok(decoded.type === 'problem', `${data.slice(0, 80)} is ${decoded.type}`);
  assert.equal(decoded.problem.code, code);
  assert.equal(decoded.problem.path, '/s/app/node-id');
  assert.match(decoded.problem.message, message);
  assert.ok(decoded.problem.message.length < 200);
}

describe('decodeInstance', () => {
  test('what an instance becomes', () => {
    assert.deepEqual(decode(encodeInstance(instance)), {
      type: 'instance',
      endpoint: {
        id: 'node-id',
        address: '10.0.0.1',
        port: 8080,
        weight: 100,
        locality: { region: '', zone: '', subzone: '' },
        health: 'unknown',
        metadata: {},
        origin: { registry: 'r', path: '/s/app/node-id', czxid: 1n, mzxid: 2n, mtime: 3 },
      },
    });
  });

  test('readers need only an address and a port', () => {
    assert.equal(decode('{"port":1,"address":"::1"}').type, 'instance');
  });

  test('addresses: IPs, host names, an IPv6 zone is left out', () => {
    for (const address of [
      '10.0.0.1',
      '::1',
      'fd00:0:0:0:0:0:0:2',
      'a',
      'a.b-c.example',
      'x_y',
      'a.',
    ])
      assert.equal(endpointOf({ address }).address, address);
    assert.equal(endpointOf({ address: 'fe80::1%eth0' }).address, 'fe80::1');
    for (const address of [
      '',
      ' ',
      'a b',
      'a/b',
      'http://a',
      'a:80',
      '[::1]',
      '-a',
      'a..b',
      'é',
      'a%b',
    ])
      assertProblem(JSON.stringify({ ...instance, address }), 'bad-address', /no host name or IP/);
    for (const address of [null, 1, {}, [], true, 'x'.repeat(60_000)])
      assertProblem(JSON.stringify({ ...instance, address }), 'bad-address', /no host name or IP/);
    assertProblem('{"port":80}', 'bad-address', /"address" is missing/);
  });

  test('ports', () => {
    for (const port of [0, -1, 1.5, 65_536, 70_000, '80', '', true, {}, []])
      assertProblem(JSON.stringify({ ...instance, port }), 'bad-address', /"port" is .*, no port/);
    assertProblem('{"address":"a"}', 'bad-address', /"port" is missing/);
    assert.equal(endpointOf({ port: 65_535 }).port, 65_535);
  });

  test('sslPort: where there is no other, and where Spring has one', () => {
    assert.equal(endpointOf({ port: null, sslPort: 443 }).port, 443);
    assert.equal(endpointOf({ port: 80, sslPort: 443 }).port, 80);
    assert.equal(endpointOf({ port: 80, sslPort: 443, ...spring({}) }).port, 443);
    assert.equal(endpointOf({ port: 80, sslPort: null, ...spring({}) }).port, 80);
  });

  test('who takes no requests: instance_status and enabled', () => {
    for (const status of ['UP', 'up', ''])
      assert.equal(endpointOf(spring({ instance_status: status })).health, 'unknown');
    for (const status of ['OUT_OF_SERVICE', 'DOWN', 'UPP'])
      assert.equal(endpointOf(spring({ instance_status: status })).health, 'draining');
    assert.equal(endpointOf({ enabled: false }).health, 'draining');
    assert.equal(endpointOf({ enabled: true }).health, 'unknown');
  });

  test('metadata is what the payload says, as text', () => {
    const metadata = { version: '1', count: 2, on: true, deep: { a: 1 }, none: null };
    assert.deepEqual(endpointOf(spring(metadata)).metadata, {
      version: '1',
      count: '2',
      on: 'true',
    });
    assert.deepEqual(endpointOf({ payload: 'zone=b' }).metadata, { payload: 'zone=b' });
    assert.deepEqual(endpointOf({ payload: null }).metadata, {});
    assert.deepEqual(endpointOf({ payload: [1] }).metadata, {});
    // A class that JVM readers would fail at is no reason to leave the instance out.
    const payload = { '@class': 'com.example.Unknown', zone: 'b' };
    assert.deepEqual(endpointOf({ payload }).metadata, payload);
  });

  test('the protocol is what the metadata says, where that is one', () => {
    const protocolOf = (fields: object) => {
      const decoded = decodeJson(fields);
      return decoded.type === 'instance' && decoded.protocol;
    };
    assert.equal(protocolOf(spring({ protocol: 'grpc' })), 'grpc');
    assert.equal(protocolOf({ payload: { protocol: 'tcp' } }), 'tcp');
    for (const fields of [{}, spring({}), spring({ protocol: 'rsocket' }), { payload: 'grpc' }])
      assert.equal(protocolOf(fields), undefined);
  });

  test('a directory: no data, or the IP of the host that made it', () => {
    for (const data of ['', '10.0.0.1', 'fd00:0:0:0:0:0:0:2%eth0'])
      assert.deepEqual(decode(data), { type: 'other' });
  });

  test('what is no JSON object is malformed', () => {
    for (const data of ['{', '[]', '[{}]', '1', 'null', '"text"', 'text', '{"a":1}x', '\u0000'])
      assertProblem(data, 'malformed', /no JSON object/);
    assertProblem(Buffer.from([0xff, 0xfe, 0x00]), 'malformed', /no JSON object/);
  });

  test('what is too large is not even parsed', () => {
    assertProblem(Buffer.alloc(900 * 1024, '{'), 'too-large', /921600 bytes/);
  });

  test('nesting deeper than the stack', () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    for (const name of ['address', 'port', 'payload', 'enabled'])
      assert.notEqual(decode(`{"port":1,"${name}":${deep}}`).type, 'other');
    assert.equal(decode(`{"address":"a","port":1,"payload":${deep}}`).type, 'instance');
  });

  test('never throws, and what it gives is whole', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('10.0.0.1', 'host', '::1', 'fe80::1%eth0', 80, 0, -1, '80', 1e300, null),
    );
    const metadata = fc.dictionary(fc.constantFrom('instance_status', '__proto__', 'a'), value);
    const payload = fc.oneof(
      value,
      fc.record(
        { '@class': fc.constantFrom(SPRING_PAYLOAD_CLASS, 'x'), metadata },
        { requiredKeys: [] },
      ),
    );
    const fields = { address: value, port: value, sslPort: value, payload, enabled: value };
    const data = fc.oneof(
      fc.record(fields, { requiredKeys: [] }).map((json) => Buffer.from(JSON.stringify(json))),
      fc.string().map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const check = fc.property(data, (bytes) => {
      const decoded = decode(bytes);
      if (decoded.type !== 'instance') return;
      const { address, port, metadata: texts } = decoded.endpoint;
      assert.ok(address.length > 0 && !address.includes('%'));
      assert.ok(Number.isInteger(port) && port > 0 && port < 65_536);
      for (const text of Object.values(texts)) assert.equal(typeof text, 'string');
    });
    fc.assert(check, { numRuns: 20_000, seed: 1 });
  });
});

describe('encodeInstance', () => {
  test('what it writes is JSON that says the same', () => {
    const check = fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = { ...instance, name: text, payload: text };
      assert.deepEqual(JSON.parse(encodeInstance(written).toString()), written);
    });
    fc.assert(check, { numRuns: 2_000, seed: 1 });
  });
});
