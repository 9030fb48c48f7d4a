import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { CreateMode } from '@meshkeeper/zookeeper';
import { nerve, type Registration } from '../../src/index.ts';
import { znode } from '../znode.ts';

const registration: Registration = { service: 'web', address: '10.0.0.1', port: 80, id: 'i-1' };
const encode = (change: Partial<Registration> = {}, root = '/n') =>
  nerve.encode(root, { ...registration, ...change }, 0)[0]!;
const textOf = (change: Partial<Registration>) => encode(change).data.toString();

describe('an instance is written as nerve writes it', () => {
  test('plain, with what nerve writes of it in its order', () => {
    const { path, data, mode, parents } = encode();
    assert.equal(path, '/n/web/i-1_');
    assert.equal(data.toString(), '{"host":"10.0.0.1","port":80,"name":"i-1"}');
    assert.equal(mode, CreateMode.EPHEMERAL_SEQUENTIAL);
    assert.equal(parents, 'persistent');
    assert.equal(
      textOf({ weight: 200, metadata: { a: 'é', haproxy_server_options: 'backup' } }),
      '{"host":"10.0.0.1","port":80,"name":"i-1","weight":2,"haproxy_server_options":"backup","labels":{"a":"é"}}',
    );
    const { id: _, ...nameless } = registration;
    assert.equal(nerve.encode('/n', nameless, 0)[0]?.path, '/n/web/10.0.0.1_');
    assert.throws(() => encode({ id: 'a/b' }), { code: 'UNWRITABLE' });
  });

  test('where nerve’s examples have it', () => {
    assert.equal(encode({}, '/nerve/services').path, '/nerve/services/web/services/i-1_');
  });

  test('path-encoded: the name tells the data, which is there as well', () => {
    const { path, data } = encode({ metadata: { use_path_encoding: 'true' } });
    assert.equal(data.toString(), '{"host":"10.0.0.1","port":80,"name":"i-1"}');
    assert.equal(
      path,
      '/n/web/base64_56_eyJob3N0IjoiMTAuMC4wLjEiLCJwb3J0Ijo4MCwibmFtZSI6ImktMSJ9_',
    );
    // Ruby's urlsafe_encode64 pads, and has - and _ for + and /.
    const odd = encode({ metadata: { use_path_encoding: 'true', a: '~~~???>>>1' } });
    const [, length, text] = /base64_(\d+)_(.*)_$/.exec(odd.path) ?? [];
    assert.equal(Number(length), text?.length);
    assert.match(text ?? '', /^(?=.*-)(?=.*_)[\w-]+=+$/);
    assert.deepEqual(Buffer.from(text ?? '', 'base64url'), odd.data);
    const much = encode({ metadata: { use_path_encoding: 'true', a: 'x'.repeat(60_000) } });
    assert.equal(much.path, '/n/web/i-1_');
  });

  test('what nerve can’t say is refused', () => {
    assert.equal(JSON.parse(textOf({ weight: 0 })).weight, 0);
    for (const weight of [30, 150, -100, Number.NaN])
      assert.throws(() => encode({ weight }), { code: 'UNWRITABLE' });
    for (const health of ['draining', 'unhealthy'] as const)
      assert.throws(() => encode({ health }), { code: 'UNWRITABLE' });
    encode({ health: 'healthy' });
  });

  test('what was written is what is read, in both forms', () => {
    const locality = { region: 'r', zone: 'z', subzone: '' };
    const forms: Record<string, string>[] = [{}, { use_path_encoding: 'true' }];
    for (const metadata of forms) {
      const reading = nerve.reading({ registry: 'r', root: '/n', locality: NO_LOCALITY });
      const { path, data } = encode({ metadata, weight: 300, locality, protocol: 'grpc' });
      reading.put(znode(`${path}0000000001`, data));
      const service = reading.service('web');
      const [endpoint] = service?.endpoints ?? [];
      assert.deepEqual(
        [service?.protocol, endpoint?.id, endpoint?.weight, endpoint?.locality],
        ['grpc', 'i-1_0000000001', 300, locality],
      );
    }
  });
});

describe('what is registered is revised', () => {
  const text = '{"new":[1],"host":"a","port":1,"name":"n","labels":{"x":{"y":1},"a":"b"}}';
  const plain = { path: '/n/web/n_0000000001', data: Buffer.from(text) };

  test('what nobody knows here stays', () => {
    assert.deepEqual(nerve.revise(plain, {}), plain);
    const { path, data } = nerve.revise(plain, { weight: 200, metadata: { c: 'd' } });
    assert.equal(path, plain.path);
    assert.equal(data.toString(), text.replace('"b"}}', '"b","c":"d"},"weight":2}'));
    assert.throws(() => nerve.revise(plain, { health: 'draining' }), { code: 'UNWRITABLE' });
    const empty = { ...plain, data: Buffer.of() };
    assert.throws(() => nerve.revise(empty, { weight: 100 }), { code: 'UNWRITABLE' });
  });

  test('a name that tells the data changes with it, and keeps its number', () => {
    const { path, data } = encode({ metadata: { use_path_encoding: 'true' } });
    const before = { path: `${path}0000000007`, data };
    assert.deepEqual(nerve.revise(before, {}), before);
    const after = nerve.revise(before, { weight: 200 });
    assert.match(after.path, /^\/n\/web\/base64_\d+_\w+=*_0000000007$/);
    const reading = nerve.reading({ registry: 'r', root: '/n', locality: NO_LOCALITY });
    reading.put(znode(after.path));
    assert.equal(reading.service('web')?.endpoints[0]?.weight, 200);
    assert.equal(JSON.parse(after.data.toString()).weight, 2);
    const much = { metadata: { a: 'x'.repeat(60_000) } };
    assert.throws(() => nerve.revise(before, much), { code: 'UNWRITABLE' });
  });
});
