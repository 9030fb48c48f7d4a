import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { nerve, type Reading } from '../../src/index.ts';
import { znode } from '../znode.ts';

/** As nerve's `Base64.urlsafe_encode64` of `{"host":"10.0.0.1","port":80,"name":"i-1"}`. */
const ENCODED = 'eyJob3N0IjoiMTAuMC4wLjEiLCJwb3J0Ijo4MCwibmFtZSI6ImktMSJ9';
const instance = (fields: object = {}) =>
  JSON.stringify({ host: '10.0.0.1', port: 80, name: 'i-1', ...fields });

describe('a reading of what nerve writes', () => {
  let reading: Reading;
  const put = (path: string, data: string | Buffer = '', stat = {}) =>
    [...reading.put(znode(path, data, stat))].sort();
  const endpointsOf = (name: string) => reading.service(name)?.endpoints ?? [];
  const only = (fields: object) => {
    put('/n/web/i-1_0000000001', instance(fields));
    return endpointsOf('web')[0];
  };
  beforeEach(() => {
    reading = nerve.reading({ registry: 'r', root: '/n', locality: NO_LOCALITY });
    put('/n');
    put('/n/web');
  });

  test('what an instance becomes', () => {
    const labels = { zone: 'a', rack: 7, deep: {} };
    const data = instance({ weight: 3, haproxy_server_options: 'backup', labels });
    assert.deepEqual(put('/n/web/i-1_0000000001', data), ['web']);
    assert.deepEqual(reading.service('web'), {
      name: 'web',
      protocol: 'http',
      endpoints: [
        {
          id: 'i-1_0000000001',
          address: '10.0.0.1',
          port: 80,
          weight: 300,
          locality: { region: '', zone: 'a', subzone: '' },
          health: 'unknown',
          metadata: { zone: 'a', rack: '7', haproxy_server_options: 'backup' },
          origin: {
            registry: 'r',
            path: '/n/web/i-1_0000000001',
            czxid: 1n,
            mzxid: 2n,
            mtime: 3,
          },
        },
      ],
    });
    assert.equal(only({ labels: { protocol: 'tcp' } })?.metadata.protocol, 'tcp');
    assert.equal(reading.service('web')?.protocol, 'tcp');
  });

  test('weights are HAProxy’s', () => {
    assert.equal(only({})?.weight, 100);
    assert.equal(only({ weight: 0 })?.weight, 0);
    assert.equal(only({ weight: 256 })?.weight, 25_600);
    for (const weight of [-1, '5', null, 1e9, {}]) assert.equal(only({ weight })?.weight, 100);
  });

  test('a name that tells the data is believed, whatever the data', () => {
    const name = `base64_${ENCODED.length}_${ENCODED}_0000000004`;
    put(`/n/web/${name}`, 'not read');
    const [endpoint] = endpointsOf('web');
    assert.deepEqual(
      [endpoint?.id, endpoint?.address, endpoint?.port],
      ['i-1_0000000004', '10.0.0.1', 80],
    );
    assert.equal(endpoint?.origin.path, `/n/web/${name}`);
    assert.equal(reading.problems.size, 0);
  });

  test('a name that tells nothing: the data counts, as for synapse', () => {
    const names = [
      `base64_${ENCODED.length - 3}_${ENCODED}_0000000001`,
      `base64_99999_${ENCODED}_0000000002`,
      'base64_x_y_0000000003',
      'base64_4_!!!!_0000000004',
      'base64_4_bm9w_0000000005',
    ];
    for (const name of names) put(`/n/web/${name}`, instance());
    assert.deepEqual(
      endpointsOf('web').map(({ id }) => id),
      names.sort(),
    );
  });

  test('what an encoded name calls itself may be anything', () => {
    const named = (name: unknown, number: string) => {
      const text = Buffer.from(instance({ name })).toString('base64url');
      put(`/n/web/base64_${text.length}_${text}_${number}`);
    };
    named('a/b', '1');
    named('\u0000', '2');
    named('x'.repeat(256), '3');
    named(5, '4');
    named('same', '5');
    put('/n/web/same_5', instance());
    assert.deepEqual(
      endpointsOf('web').map(({ id }) => id.replace(/base64_.*/, '<path>')),
      [
        '/n/web/same_5',
        '10.0.0.1:80_1',
        '10.0.0.1:80_2',
        '10.0.0.1:80_3',
        '10.0.0.1:80_4',
        'same_5',
      ],
    );
  });

  test('as in nerve’s examples, a last "services" is no part of the name', () => {
    put('/n/shop/services/i-1_0000000001', instance());
    put('/n/shop/i-1_0000000001', instance({ port: 81 }));
    put('/n/services/i-1_0000000001', instance());
    put('/n/a/services/services/i-1_0000000001', instance());
    assert.deepEqual([...reading.names].sort(), ['a/services', 'services', 'shop']);
    assert.equal(reading.service('shop/services'), undefined);
    assert.equal(endpointsOf('a/services').length, 1);
    // One id in two directories: both are there.
    assert.deepEqual(
      endpointsOf('shop').map(({ id, port }) => [id, port]),
      [
        ['/n/shop/services/i-1_0000000001', 80],
        ['i-1_0000000001', 81],
      ],
    );
    assert.deepEqual([...reading.remove('/n/shop/i-1_0000000001')], ['shop']);
    assert.deepEqual(
      endpointsOf('shop').map(({ id }) => id),
      ['i-1_0000000001'],
    );
  });

  test('what is for synapse’s generators is no problem, and no instance', () => {
    for (const data of ['', '{"haproxy":{"port":3213,"listen":["mode http"]}}', '{', 'text'])
      assert.deepEqual(put('/n/web/services', data), []);
    put('/n/web/big', Buffer.alloc(70_000));
    assert.equal(reading.problems.size, 0);
    // Who writes by hand need not number: synapse reads any name.
    put('/n/web/by-hand', instance());
    assert.equal(endpointsOf('web')[0]?.id, 'by-hand');
  });

  test('what can not be used fails alone, until it is repaired', () => {
    const path = '/n/web/i-1_0000000001';
    const problemOf = (data: string | Buffer) => {
      put(path, data);
      return reading.problems.get(path)?.message ?? '';
    };
    assert.match(problemOf('{'), /no JSON object/);
    assert.match(problemOf(Buffer.alloc(70_000)), /70000 bytes/);
    assert.match(problemOf('{}'), /"host" is missing/);
    assert.match(problemOf(instance({ port: '80' })), /"port" is "80", no port/);
    put('/n/web/i-2_0000000002', instance());
    assert.deepEqual(
      endpointsOf('web').map(({ id }) => id),
      ['i-2_0000000002'],
    );
    assert.equal(problemOf(instance()), '');
  });

  test('recognised by what it holds, and its root where it is as in the examples', () => {
    const recognised = (path: string, data = instance()) => nerve.recognise(znode(path, data));
    const service = 'web';
    assert.deepEqual(recognised('/x/web/i-1_0000000001'), { root: undefined, service });
    assert.deepEqual(recognised('/nerve/services/web/services/i-1_0000000001'), {
      root: '/nerve/services',
      service,
    });
    assert.deepEqual(recognised(`/x/web/base64_${ENCODED.length}_${ENCODED}_0000000001`, ''), {
      root: undefined,
      service,
    });
    assert.equal(recognised('/x/web/i-1'), undefined);
    assert.equal(recognised('/i-1_0000000001'), undefined);
    assert.equal(recognised('/x/web/i-1_0000000001', '{"host":"a","port":1}'), undefined);
    assert.equal(recognised('/x/web/i-1_0000000001', '{'), undefined);
  });
});
