import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { CreateMode } from '@meshkeeper/zookeeper';
import { d2, type Registration, type Revision } from '../../src/index.ts';
import { readFixture } from '../fixtures/fixture.ts';
import { dataOf } from '../fixtures/znodes.ts';
import { znode } from '../znode.ts';

const registration: Registration = { service: 'Web', address: '10.0.0.1', port: 8080 };
const encode = (change: Partial<Registration> = {}, root = '/d2') =>
  d2.encode(root, { ...registration, ...change }, 0)[0]!;
/** The members have no order in D2: another in each JVM. */
const parsed = (data: Buffer) => {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, member]) => [key, sorted(member)]),
        )
      : value;
  // Numbers as they are written.
  const text = data.toString().replace(/(?<=[:,])[\d.]+(?=[,}])/g, '"#$&"');
  return JSON.stringify(sorted(JSON.parse(text)));
};
const written = (name: string) =>
  readFixture('d2', name)
    .znodes.filter(({ ephemeral }) => ephemeral)
    .map((node) => ({ path: node.path, data: dataOf(node) }));

describe('a server is announced as D2 does it', () => {
  test('what D2 writes, but for the order of the members', () => {
    const [one, two] = written('plain');
    assert.equal(parsed(encode().data), parsed(one!.data));
    const half = { address: '10.0.0.2', weight: 50, metadata: { path: '/context' } };
    assert.equal(parsed(encode(half).data), parsed(two!.data));
    const [secure] = written('properties');
    const said = encode({
      ...{ address: '2001:db8::1', port: 8443 },
      metadata: { scheme: 'https', zone: 'é/1"', build: '7', doNotSlowStart: 'true' },
    });
    // What is text here is no text there.
    const texts = said.data.toString().replace('"7"', '7').replace('"true"', 'true');
    assert.equal(parsed(Buffer.from(texts)), parsed(secure!.data));
    const [, other] = written('partitions');
    const partitioned = { weight: 200, metadata: { 'partition.1': 'true' } };
    const { data } = encode({ ...{ address: '10.0.0.2' }, ...partitioned });
    assert.equal(parsed(data), parsed(other!.data));
  });

  test('where D2 has it: ephemeral, numbered, replaced when it changes', () => {
    const { path, mode, parents, immutable } = encode();
    assert.equal(path, '/d2/uris/Web/ephemoral-');
    assert.equal(mode, CreateMode.EPHEMERAL_SEQUENTIAL);
    assert.equal(parents, 'persistent');
    assert.equal(immutable, true);
    assert.equal(encode({ id: 'host-7' }, '/').path, '/uris/Web/host-7-');
    const elsewhere = encode({ metadata: { 'd2.cluster': 'Other' } });
    assert.equal(elsewhere.path, '/d2/uris/Other/ephemoral-');
    assert.equal(JSON.parse(elsewhere.data.toString()).clusterName, 'Other');
  });

  test('what D2 can’t say is refused', () => {
    const changes: Partial<Registration>[] = [
      { service: 'a/b' },
      { service: '$Master' },
      { service: '' },
      { id: 'a/b' },
      { address: 'a b' },
      { port: 0 },
      { weight: -1 },
      { weight: Number.NaN },
      { metadata: { scheme: 'a b' } },
      { metadata: { 'd2.cluster': '' } },
    ];
    for (const change of changes)
      assert.throws(() => encode(change), { code: 'UNWRITABLE' }, JSON.stringify(change));
  });

  test('what was written is what is read', () => {
    const reading = d2.reading({ registry: 'r', root: '/d2', locality: NO_LOCALITY });
    const locality = { region: 'r', zone: 'z', subzone: '' };
    const metadata = { path: '/c', 'partition.0': 'true', 'partition.7': 'true', a: '1' };
    const { path, data } = encode({
      ...{ weight: 30, locality, metadata, protocol: 'http2', health: 'draining' },
    });
    reading.put(znode(`${path}0000000000`, data));
    const service = reading.service('Web');
    const [endpoint] = service?.endpoints ?? [];
    assert.equal(service?.protocol, 'http2');
    assert.deepEqual(
      [endpoint?.address, endpoint?.port, endpoint?.weight, endpoint?.health, endpoint?.locality],
      ['10.0.0.1', 8080, 30, 'draining', locality],
    );
    const said = { region: 'r', zone: 'z', protocol: 'http2', doNotLoadBalance: 'true' };
    assert.deepEqual(endpoint?.metadata, { ...metadata, ...said });
    // Another system's `path` is none of a URI.
    const other = encode({ metadata: { path: 'com.foo.A' } }).data.toString();
    assert.match(other, /"http:\/\/10.0.0.1:8080":{"path":"com.foo.A"}/);
  });
});

describe('an announcement is revised', () => {
  const revise = (data: string, revision: Revision) =>
    d2.revise({ path: '/d2/uris/Web/x-1', data: Buffer.from(data) }, revision).data.toString();
  const DATA =
    '{"other":1.50,"weights":{"http://a":1.0},"uriSpecificProperties":{"http://a":{"n":1e3}},"clusterName":"Web","partitionDesc":{"http://a":{"0":{"weight":1.0}}}}';

  test('one thing changes, the rest stays to the letter', () => {
    assert.equal(revise(DATA, {}), DATA);
    assert.equal(revise(DATA, { weight: 250 }), DATA.replaceAll(':1.0', ':2.5'));
    assert.equal(
      revise(DATA, { metadata: { zone: 'a' } }),
      DATA.replace('"n":1e3', '"n":1e3,"zone":"a"'),
    );
    const drained = revise(DATA, { health: 'draining' });
    assert.equal(drained, DATA.replace('"n":1e3', '"n":1e3,"doNotLoadBalance":true'));
    assert.equal(revise(drained, { health: 'unknown' }), DATA);
    assert.equal(
      d2.revise({ path: '/d2/uris/Web/x-1', data: Buffer.from(DATA) }, { weight: 1 }).path,
      '/d2/uris/Web/x-1',
    );
  });

  test('weights of several partitions stay in proportion', () => {
    const parts = '{"partitionDesc":{"http://a":{"0":{"weight":1.0},"2":{"weight":0.5}}}}';
    assert.equal(
      revise(parts, { weight: 300 }),
      '{"partitionDesc":{"http://a":{"0":{"weight":3.0},"2":{"weight":1.5}}}}',
    );
    const none = parts.replaceAll(/[\d.]+}/g, '0.0}');
    assert.equal(
      revise(none, { weight: 100 }),
      '{"partitionDesc":{"http://a":{"0":{"weight":1.0},"2":{"weight":1.0}}}}',
    );
  });

  test('what is no announcement can’t be', () => {
    for (const data of ['', '{}', '[]', '{"weights":{"http://a":1,"http://b":1}}'])
      assert.throws(() => revise(data, { weight: 1 }), { code: 'UNWRITABLE' });
  });
});
