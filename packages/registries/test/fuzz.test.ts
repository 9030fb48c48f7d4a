import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';
import { NO_LOCALITY, type Service, sameService } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { encode } from '../src/dubbo/url-encoding.ts';
import { DIALECTS, type Dialect, type Reading, RegistryError, type ZNode } from '../src/index.ts';
import { dialectNames, readFixture } from './fixtures/fixture.ts';
import { dataOf } from './fixtures/znodes.ts';
import { znode } from './znode.ts';

/** Znodes for each dialect: a million in the long form. */
const ZNODES = process.env.MESHKEEPER_SOAK === '1' ? 1_000_000 : 15_000;
/** Of one registry, most of which are put one over the other. */
const STEPS = 50;
/** Of so many registries, one is looked at after each step. */
const CLOSELY = 3;

/**
 * Dubbo's applications keep what they offered until what their new revision offers is known, so that
 * a fresh read may have less.
 */
const REMEMBERS: ReadonlySet<string> = new Set(['dubbo']);

const FIXTURES = {
  curator: ['addresses', 'enabled', 'payloads', 'ports', 'service-types'],
  spring: ['metadata', 'nested', 'out-of-service', 'ssl'],
  dubbo: ['all', 'consumer', 'instance', 'ipv6', 'registry-group', 'remote', 'rules', 'tri'],
  serverset: ['additional', 'ipv6', 'metadata', 'shards'],
  d2: ['configured', 'partitions', 'plain', 'properties'],
} as const satisfies Record<(typeof dialectNames)[number], readonly string[]>;

const fixtures = dialectNames.flatMap((dialect) =>
  FIXTURES[dialect].flatMap((name) => readFixture(dialect, name).znodes),
);
const HOSTS = [
  ...['10.0.0.1', '::1', 'fd00::1%eth0', '[::1]', '::ffff:10.0.0.1', '0.0.0.0', '300.1.1.1'],
  ...['host', 'a.example.', 'ö.example', 'a b', 'a/b', 'a\u0000b', '..', '', '%2F', '\u202e'],
  ...['x'.repeat(255), `${'x'.repeat(63)}.`.repeat(4).slice(0, 253), '-', '__proto__'],
];
const NAMES = [
  ...[
    'a',
    'b',
    'a:http',
    '..',
    '.',
    '%2F',
    '%',
    'a%2Fb',
    '\u0000',
    'ö漢😀',
    '\ud800',
    'x'.repeat(255),
  ],
  ...['member_0000000000', 'member_0000000001', 'member_', 'vector_0000000002', 'i-1_0000000003'],
  ...['services', 'providers', 'consumers', 'configurators', 'metadata', 'mapping', '__proto__'],
  'base64_56_eyJob3N0IjoiMTAuMC4wLjEiLCJwb3J0Ijo4MCwibmFtZSI6ImktMSJ9_0000000004',
  'base64_999999999999999999999_e30=_1',
];
/** The members of the JSON of all dialects. */
const FIELDS = [
  ...[
    'name',
    'id',
    'address',
    'host',
    'port',
    'sslPort',
    'payload',
    '@class',
    'metadata',
    'enabled',
  ],
  ...['serviceEndpoint', 'additionalEndpoints', 'status', 'shard', 'vector', 'select', 'weight'],
  ...['weights', 'partitionDesc', 'uriSpecificProperties', 'clusterName', 'bannedUris'],
  ...['labels', 'haproxy_server_options', 'instance_status', 'region', 'zone', 'protocol', 'http'],
  ...['dubbo.endpoints', 'dubbo.metadata.revision', 'timestamp', 'app', 'services', '__proto__'],
];
const VALUES = [
  ...['ALIVE', 'DEAD', 'UP', 'shard=1', 'inet=10.0.0.1:80', 'member=member_0000000000', 'http'],
  ...['http://10.0.0.1:80', 'https://[::1]', 'a', 'b', '/d2/uris/a', '0', '1', 'true'],
  ...['', '5', '-1', 'NaN', '[{"port":1,"protocol":"tri"}]', '{}', null, true, false, [], {}],
  ...[0, 1, 80, 65_535, 65_536, -1, 0.5, 1e308, -0, 2 ** 53],
];

const value = fc.oneof(fc.constantFrom<unknown>(...VALUES), fc.constantFrom(...HOSTS));
const { json } = fc.letrec<{ json: unknown; object: object; list: unknown[] }>((tie) => ({
  json: fc.oneof({ maxDepth: 4, depthIdentifier: 'json' }, value, tie('object'), tie('list')),
  object: fc.dictionary(fc.constantFrom(...FIELDS), tie('json'), {
    maxKeys: 6,
    depthIdentifier: 'json',
  }),
  list: fc.array(tie('json'), { maxLength: 3, depthIdentifier: 'json' }),
}));
/** What instances look like, so that some of it is read. */
const endpoint = fc.record({
  host: fc.constantFrom(...HOSTS),
  port: fc.constantFrom(0, 1, 80, 65_536),
});
const plausible = fc.record(
  {
    address: fc.constantFrom(...HOSTS),
    host: fc.constantFrom(...HOSTS),
    port: fc.constantFrom(0, 1, 80, 65_536),
    weight: value,
    serviceEndpoint: endpoint,
    additionalEndpoints: fc.dictionary(fc.constantFrom('http', 'x', '', '__proto__'), endpoint),
    status: fc.constantFrom('ALIVE', 'DEAD'),
    shard: fc.constantFrom(0, 1, 1.5),
    vector: fc.array(
      fc.record({
        select: fc.constantFrom('shard=1', 'inet=10.0.0.1:80', 'member=member_0000000000', 'x'),
        weight: value,
      }),
    ),
    metadata: json,
    labels: json,
    payload: json,
  },
  { requiredKeys: ['address', 'host', 'port'] },
);
/** A URI, with a host that may be anything. */
const uri = fc.oneof(
  fc.constantFrom('http://10.0.0.1:80', 'http://10.0.0.2:80/c', 'https://[::1]', 'http://host'),
  fc
    .tuple(
      fc.constantFrom('http', 'https', 'x', ''),
      fc.constantFrom(...HOSTS),
      fc.constantFrom(':80', ':0', '', ':x'),
      fc.constantFrom('', '/', '/c', '?q'),
    )
    .map(([scheme, host, port, rest]) => `${scheme}://${host}${port}${rest}`),
);
const share = fc.oneof(fc.constantFrom(1, 0.5, 0), value);
/** What D2 holds, so that some of it is read. */
const d2 = fc.oneof(
  fc.record({ weights: fc.dictionary(uri, share, { maxKeys: 2 }), clusterName: value }),
  fc
    .tuple(uri, fc.dictionary(fc.constantFrom('0', '1', 'x', '__proto__'), share), value)
    .map(([at, weights, said]) => ({
      partitionDesc: {
        [at]: Object.fromEntries(Object.entries(weights).map(([n, weight]) => [n, { weight }])),
      },
      uriSpecificProperties: { [at]: { doNotLoadBalance: said, zone: said } },
      clusterName: 'a',
    })),
);
const definition = fc.record({
  clusterName: fc.constantFrom('a', 'b', '$link', ''),
  bannedUris: fc.array(uri, { maxLength: 2 }),
  transportClientProperties: fc.record({ 'http.requestTimeout': value }),
});
/** What apisix-seed reads. */
const seed = fc
  .array(
    fc.oneof(
      fc.record(
        {
          host: fc.constantFrom(...HOSTS),
          port: fc.constantFrom(1, 80, 0, '80'),
          weight: share,
          metadata: json,
        },
        { requiredKeys: ['host', 'port'] },
      ),
      json,
    ),
    { maxLength: 4 },
  )
  .map((list) => Buffer.from(JSON.stringify(list)));
/** Weights of a serverset's members. */
const vector = fc
  .array(
    fc.record({
      select: fc.nat(9).map((n) => `member=member_000000000${n}`),
      weight: fc.constantFrom(0.5, 2, 0, -1),
    }),
  )
  .map((descriptors) => Buffer.from(JSON.stringify({ vector: descriptors })));
const fixture = fc.constantFrom(...fixtures);
const anywhere = fc.nat(10_000);
/** What a library has written, with a part of it cut out, doubled, or of other bytes. */
const mutated = fc
  .tuple(fixture, anywhere, fc.nat(20), fc.uint8Array({ maxLength: 3 }))
  .map(([node, at, length, bytes]) => {
    const data = dataOf(node);
    const from = data.length === 0 ? 0 : at % data.length;
    return Buffer.concat([data.subarray(0, from), bytes, data.subarray(from + length)]);
  });
const data = fc.oneof(
  { weight: 4, arbitrary: plausible.map((fields) => Buffer.from(JSON.stringify(fields))) },
  { weight: 2, arbitrary: json.map((any) => Buffer.from(JSON.stringify(any))) },
  { weight: 2, arbitrary: fixture.map(dataOf) },
  { weight: 3, arbitrary: mutated },
  { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(Buffer.of(), Buffer.alloc(70_000, '[')) },
);

type Step =
  | { readonly type: 'put'; readonly node: ZNode }
  | { readonly type: 'remove'; readonly path: string };

/** A URL of Dubbo's as the name of a znode, with hosts and parameters that may be anything. */
const provider = fc
  .tuple(
    fc.constantFrom('dubbo', 'tri', 'x', ''),
    fc.constantFrom(...HOSTS),
    fc.constantFrom('80', '0', '65536', '', 'x'),
    fc.dictionary(fc.constantFrom('group', 'version', 'weight', 'enabled', 'timestamp'), value),
  )
  .map(([protocol, host, port, parameters]) => {
    const text = Object.entries({ interface: 'a', ...parameters }).map(
      ([key, to]) => `${key}=${to}`,
    );
    const address = isIP(host) === 6 ? `[${host}]` : host;
    return encode(`${protocol}://${address}:${port}/a?${text.join('&')}`.toWellFormed());
  });

/** Puts and removals below a root, and beside it. */
function stepsBelow(root: string): fc.Arbitrary<Step[]> {
  const below = (names: readonly string[]) => `${root === '/' ? '' : root}/${names.join('/')}`;
  const rebased = ({ path }: { readonly path: string }) => below(path.split('/').slice(2));
  const name = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...NAMES) },
    { weight: 1, arbitrary: fc.nat(9).map((n) => `member_000000000${n}`) },
  );
  const service = fc.constantFrom('a', 'b', 'a/b', 'a:http', 'a/services');
  const path = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(service, name).map(below) },
    { weight: 1, arbitrary: fc.array(name, { minLength: 1, maxLength: 4 }).map(below) },
    { weight: 3, arbitrary: provider.map((url) => below(['a', 'providers', url])) },
    { weight: 2, arbitrary: fixture.map(rebased) },
    { weight: 1, arbitrary: fixture.map(({ path: theirs }) => theirs) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fixture, anywhere, name)
        .map(([{ path: theirs }, at, cut]) => theirs.slice(0, at % theirs.length) + cut),
    },
  );
  const ofD2 = fc.oneof(
    fc.tuple(
      fc
        .tuple(fc.constantFrom('a', 'b', '$link'), name)
        .map(([cluster, at]) => below(['uris', cluster, at])),
      d2.map((said) => Buffer.from(JSON.stringify(said))),
    ),
    fc.tuple(
      fc.tuple(fc.constantFrom('services', 'clusters'), fc.constantFrom('a', 'b', 'c')).map(below),
      definition.map((said) => Buffer.from(JSON.stringify(said))),
    ),
    fc.tuple(
      fc.constantFrom(...['$link', '$other', 'a'].map((link) => below(['uris', link]))),
      fc.constantFrom('a', '$link', '$other', '').map((to) => Buffer.from(below(['uris', to]))),
    ),
  );
  const node = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(path, data) },
    { weight: 2, arbitrary: ofD2 },
    {
      weight: 1,
      arbitrary: fc.tuple(
        service.map((name) => below([name])),
        seed,
      ),
    },
    { weight: 1, arbitrary: fixture.map((known) => [rebased(known), dataOf(known)] as const) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(service, fc.nat(3), vector)
        .map(([set, n, bytes]) => [below([set, `vector_${n}`]), bytes] as const),
    },
  );
  const put = fc.tuple(node, fc.constantFrom(0, 0, 1)).map(
    ([[at, bytes], numChildren]): Step => ({
      type: 'put',
      node: znode(at, bytes, { numChildren }),
    }),
  );
  const remove = path.map((at): Step => ({ type: 'remove', path: at }));
  const step = fc.oneof({ weight: 4, arbitrary: put }, { weight: 1, arbitrary: remove });
  return fc.array(step, { minLength: STEPS, maxLength: STEPS });
}

/** Where a dialect's fixtures are, and other roots. */
const rootsOf = ({ defaultRoot = '/sets' }: Dialect) => [defaultRoot, '/', '/abc'];

const read = (dialect: Dialect, root: string): Reading =>
  dialect.reading({ registry: 'r', root, locality: NO_LOCALITY });

const take = (reading: Reading, step: Step): Set<string> =>
  new Set(step.type === 'put' ? reading.put(step.node) : reading.remove(step.path));

function servicesOf(reading: Reading): Map<string, Service> {
  const services = new Map<string, Service>();
  for (const name of reading.names) {
    const service = reading.service(name);
    assert.ok(service, `${JSON.stringify(name)} is named, and is not there`);
    services.set(name, service);
  }
  return services;
}

/** Can be served as it is. */
function assertWhole(name: string, { name: itself, protocol, endpoints }: Service): void {
  assert.equal(itself, name);
  assert.ok(['http', 'http2', 'grpc', 'tcp', 'dubbo'].includes(protocol));
  assert.equal(new Set(endpoints.map(({ id }) => id)).size, endpoints.length, 'ids are unique');
  for (const { id, address, port, weight, health, metadata, locality, warmup } of endpoints) {
    assert.notEqual(id, '');
    assert.ok(isIP(address) !== 0 || /^[\w.-]{1,254}$/.test(address), JSON.stringify(address));
    assert.ok(Number.isInteger(port) && port > 0 && port < 65_536, `port ${port}`);
    assert.ok(Number.isFinite(weight) && weight >= 0, `weight ${weight}`);
    assert.ok(['healthy', 'unhealthy', 'draining', 'unknown'].includes(health));
    for (const text of Object.values(metadata)) assert.equal(typeof text, 'string');
    for (const text of Object.values(locality)) assert.equal(typeof text, 'string');
    if (warmup === undefined) continue;
    assert.ok(Number.isFinite(warmup.from) && Number.isFinite(warmup.duration));
  }
}

/** Services with an endpoint: a directory that was one before stays one, unlike in a fresh read. */
const filled = (services: Map<string, Service>) =>
  new Map([...services].filter(([, { endpoints }]) => endpoints.length > 0));

for (const dialect of DIALECTS.values())
  describe(`the dialect ${dialect.name}, whatever is in its trees`, () => {
    const runs = Math.ceil(ZNODES / STEPS / rootsOf(dialect).length);

    for (const root of rootsOf(dialect)) {
      test(`at ${root}: no throw, and what comes out is whole`, () => {
        let seen = 0;
        const check = fc.property(stepsBelow(root), (steps) => {
          const reading = read(dialect, root);
          for (const step of steps) {
            take(reading, step);
            if (step.type === 'put') dialect.recognise(step.node);
          }
          for (const [name, service] of servicesOf(reading)) {
            assertWhole(name, service);
            seen += service.endpoints.length;
          }
          for (const [path, problem] of reading.problems) {
            assert.equal(problem.path, path);
            assert.ok(problem.message.length < 1_000);
          }
          assert.equal(reading.service('nobody knows it'), undefined);
          Array.from(reading.wants ?? []);
        });
        fc.assert(check, { numRuns: runs, seed: 1 });
        assert.ok(seen > runs / 2, `only ${seen} endpoints were read`);
      });

      test(`at ${root}: what changes is told, and what is read is no matter of order`, () => {
        const check = fc.property(stepsBelow(root), (steps) => {
          const reading = read(dialect, root);
          const there = new Map<string, ZNode>();
          let before = new Map<string, Service>();
          for (const step of steps) {
            const changed = take(reading, step);
            if (step.type === 'put') there.set(step.node.path, step.node);
            else there.delete(step.path);
            const now = servicesOf(reading);
            for (const name of new Set([...before.keys(), ...now.keys()])) {
              if (changed.has(name)) continue;
              const [old, current] = [before.get(name), now.get(name)];
              assert.ok(old && current && sameService(old, current), `${name} changed, untold`);
            }
            before = now;
          }
          const afresh = read(dialect, root);
          for (const node of [...there.values()].reverse()) afresh.put(node);
          const names = [...filled(servicesOf(afresh)).keys()].sort();
          if (REMEMBERS.has(dialect.name)) {
            for (const name of names) assert.ok(before.has(name), name);
            return;
          }
          assert.deepEqual(names, [...filled(before).keys()].sort());
          for (const [name, { endpoints }] of filled(before))
            assert.deepEqual(afresh.service(name)?.endpoints, endpoints);
          assert.deepEqual(new Map(afresh.problems), new Map(reading.problems));
        });
        fc.assert(check, { numRuns: Math.ceil(runs / CLOSELY), seed: 2 });
      });
    }

    test('revise throws nothing but what it says', () => {
      const node = fc.tuple(fc.constantFrom(...NAMES), data);
      const check = fc.property(node, fc.constantFrom(0, 100, 250), ([name, bytes], weight) => {
        const entry = { path: `/s/providers/${name}`, data: bytes };
        for (const revision of [
          {},
          { weight },
          { health: 'draining', metadata: { a: 'b' } },
        ] as const)
          try {
            dialect.revise(entry, revision);
          } catch (error) {
            assert.ok(error instanceof RegistryError, String(error));
          }
      });
      fc.assert(check, { numRuns: Math.ceil(ZNODES / 10), seed: 3 });
    });
  });
