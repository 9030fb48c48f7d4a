import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeResponse } from '../../src/dubbo/metadata-message.ts';
import { encode } from '../../src/dubbo/url-encoding.ts';
import { dubbo } from '../../src/index.ts';
import { znode } from '../znode.ts';
import { reading } from './read.ts';

const odd = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.constantFrom(
      '%',
      '2F',
      '..',
      '\u0000',
      'é',
      '😀',
      '+',
      '&',
      '=',
      ';',
      '/',
      ':',
      '@',
      '[',
      ']',
      '#',
      '?',
      'a',
      '1',
    ),
  }),
  fc.constantFrom(
    ...[
      '%2F',
      '..',
      '\u0000',
      'x'.repeat(255),
      '::1',
      '[::1]',
      'fe80::1%eth0',
      '10.0.0.1',
      '0',
      '-1',
    ],
    ...[
      '99999999999999999999',
      '__proto__',
      'constructor',
      'interface',
      'version',
      'group',
      'weight',
    ],
    ...[
      'timestamp',
      'warmup',
      'enabled',
      'true',
      'ext.protocol',
      'tri,dubbo',
      'default.weight',
      'A',
    ],
  ),
);
const query = fc
  .array(fc.tuple(odd, odd))
  .map((list) => list.map((pair) => pair.join('=')).join('&'));
const urls = fc
  .tuple(fc.oneof(fc.constantFrom('dubbo', 'tri', 'rest', 'override'), odd), odd, odd, odd, query)
  .map(
    ([protocol, host, port, path, parameters]) =>
      `${protocol}://${host}:${port}/${path}?${parameters}`,
  );
const good = query.map((parameters) => `dubbo://10.0.0.1:1/A?${parameters}&interface=A`);
const names = fc.oneof(odd, urls.map(encode), good.map(encode), urls);

const value = fc.oneof({ maxDepth: 2 }, odd, fc.integer(), fc.jsonValue(), fc.constant(null));
const instances = fc
  .record(
    {
      name: value,
      address: fc.oneof(value, fc.constantFrom('10.0.0.1', '[::1]', 'fe80::1%eth0')),
      port: fc.oneof(value, fc.integer({ min: 1, max: 65_535 })),
      payload: fc.oneof(
        value,
        fc.record({
          '@class': fc.constant('org.apache.dubbo.registry.zookeeper.ZookeeperInstance'),
          metadata: fc.oneof(
            value,
            fc.record(
              {
                'dubbo.endpoints': fc.oneof(
                  odd,
                  value.map((json) => JSON.stringify(json)),
                  fc.constant('[{"port":1,"protocol":"tri"}]'),
                ),
                'dubbo.metadata-service.url-params': fc.oneof(
                  odd,
                  fc.constant('{"port":"1","protocol":"tri"}'),
                ),
                'dubbo.metadata.revision': fc.oneof(fc.constantFrom('r', '0'), odd),
                timestamp: value,
                weight: value,
              },
              { requiredKeys: ['dubbo.metadata.revision'] },
            ),
          ),
        }),
      ),
    },
    { requiredKeys: [] },
  )
  .map((json) => JSON.stringify(json));
const infos = fc
  .record({
    app: value,
    revision: value,
    services: fc.oneof(
      value,
      fc.dictionary(
        odd,
        fc.oneof(
          value,
          fc.record(
            {
              name: fc.oneof(fc.constantFrom('A', 'B'), value),
              ...{ group: value, version: value, port: value, path: value },
              protocol: fc.oneof(fc.constantFrom('tri', 'dubbo'), value),
              params: fc.oneof(value, fc.dictionary(odd, value)),
            },
            { requiredKeys: [] },
          ),
        ),
        { maxKeys: 4 },
      ),
    ),
  })
  .map((json) => JSON.stringify(json));

const part = fc.oneof(
  odd,
  fc.constantFrom('metadata', 'mapping', 'config', 'dubbo', 'A', 'shop', 'r'),
);
const nodes = fc.oneof(
  names.map((name) => ({ path: `/dubbo/A/providers/${name}`, data: '' })),
  fc
    .tuple(odd, names)
    .map(([iface, name]) => ({ path: `/dubbo/${iface}/providers/${name}`, data: '' })),
  names.map((name) => ({ path: `/dubbo/A/configurators/${name}`, data: '' })),
  instances.map((data) => ({ path: '/services/shop/i', data })),
  fc.tuple(odd, instances).map(([id, data]) => ({ path: `/services/shop/${id}`, data })),
  infos.map((data) => ({ path: '/dubbo/metadata/shop/r', data })),
  fc
    .tuple(odd, odd)
    .map(([key, data]) => ({ path: `/dubbo/config/dubbo/${key}.configurators`, data })),
  fc.tuple(odd, odd).map(([iface, data]) => ({ path: `/dubbo/mapping/${iface}`, data })),
  fc
    .tuple(fc.array(part), odd)
    .map(([parts, data]) => ({ path: `/dubbo/${parts.join('/')}`, data })),
);

test('a reading never throws, tells what changes, and what it gives is whole', () => {
  const commands = fc.array(fc.tuple(fc.boolean(), nodes), { minLength: 1, maxLength: 12 });
  const seen = { endpoints: 0, problems: 0 };
  const check = fc.property(commands, (list) => {
    const read = reading();
    const told = new Map<string, string>();
    const shown = (name: string) =>
      JSON.stringify(read.service(name), (_, json) =>
        typeof json === 'bigint' ? `${json}` : json,
      );
    for (const [gone, { path, data }] of list) {
      const node = znode(path, data);
      dubbo.recognise(node);
      for (const name of gone ? read.remove(path) : read.put(node)) told.set(name, shown(name));
      // Whoever reads only what is told knows all.
      const names = [...read.names];
      for (const name of names) assert.equal(told.get(name), shown(name));
      for (const [name, text] of told) if (text !== undefined) assert.ok(names.includes(name));
    }
    seen.problems += read.problems.size;
    for (const want of read.wants) assert.ok(want.key.length > 0);
    for (const name of read.names) {
      const service = read.service(name);
      assert.ok(service !== undefined && service.name === name && service.endpoints.length > 0);
      const ids = service.endpoints.map(({ id }) => id);
      assert.deepEqual(ids, [...new Set(ids)].sort());
      for (const { address, port, weight, metadata, warmup } of service.endpoints) {
        seen.endpoints++;
        assert.ok(isIP(address) !== 0 || /^[\w.-]+$/.test(address));
        assert.ok(!address.includes('%'));
        assert.ok(Number.isInteger(port) && port > 0 && port < 65_536);
        assert.ok(weight >= 0 && weight <= 1_000_000);
        assert.ok(warmup === undefined || (warmup.from > 0 && warmup.duration > 0));
        for (const text of Object.values(metadata)) assert.equal(typeof text, 'string');
        assert.ok(!('timestamp' in metadata) && !('pid' in metadata));
      }
    }
    for (const [, { path }] of list) read.remove(path);
    assert.deepEqual([...read.names], []);
    assert.equal(read.problems.size, 0);
    assert.equal(read.rules.all.size, 0);
  });
  fc.assert(check, { numRuns: 3_000, seed: 1 });
  assert.ok(seen.endpoints > 100 && seen.problems > 100, JSON.stringify(seen));
});

test('revise throws nothing but that it can not', () => {
  const change = fc.record(
    {
      weight: fc.double(),
      health: fc.constantFrom('draining', 'healthy'),
      metadata: fc.dictionary(odd, odd),
    },
    { requiredKeys: [] },
  );
  const entry = fc.oneof(
    names.map((name) => ({ path: `/dubbo/A/providers/${name}`, data: Buffer.of() })),
    instances.map((text) => ({ path: '/services/shop/i', data: Buffer.from(text) })),
  );
  const check = fc.property(entry, change, (before, revision) => {
    try {
      const after = dubbo.revise(before, revision);
      const { weight = 0 } = revision;
      assert.ok(weight >= 0 && weight < 2 ** 31);
      if (before.path.startsWith('/dubbo'))
        assert.match(after.path, /^\/dubbo\/A\/providers\/[^/]*$/);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'UNWRITABLE', String(error));
    }
  });
  fc.assert(check, { numRuns: 2_000, seed: 1 });
});

test('an answer of a metadata service is read, or it is an error', () => {
  const check = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      const { services } = decodeResponse(Buffer.from(bytes));
      for (const { port } of services) assert.ok(port === undefined || port < 65_536);
    } catch (error) {
      assert.match(String(error), /its answer is no metadata/);
    }
  });
  fc.assert(check, { numRuns: 5_000, seed: 1 });
});
