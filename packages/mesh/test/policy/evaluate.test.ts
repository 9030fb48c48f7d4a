import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Endpoint,
  type EndpointSelector,
  refusal,
  routed,
  samePolicy,
  settingsFor,
  type TrafficPolicy,
  type TrafficRoute,
} from '../../src/index.ts';
import { endpoint } from '../sample.ts';

const origin = { source: 'r', path: '/rule' };
const said = <T>(value: T) => ({ value, origin });
const endpoints: readonly Endpoint[] = [
  { ...endpoint('a', 1), metadata: { zone: 'x', tag: 'gray' } },
  { ...endpoint('b', 2), metadata: { zone: 'y' } },
  { ...endpoint('c', 3), address: '10.0.0.9', hostname: 'host', metadata: { zone: 'x' } },
];

function metadata(key: string, value: string): EndpointSelector {
  return [{ of: { type: 'metadata', key }, any: [{ type: 'exact', value }], none: [] }];
}

function policy(...stages: readonly (readonly TrafficRoute[])[]): TrafficPolicy {
  return { routing: stages.map((value, i) => ({ name: `stage ${i}`, value, origin })) };
}

const ids = (...given: Parameters<typeof routed>) =>
  routed(...given)
    .map(({ id }) => id)
    .join('');

const toZone = (zone: string, otherwise: TrafficRoute['otherwise']): TrafficRoute => ({
  match: [],
  to: [{ weight: 1, selector: metadata('zone', zone) }],
  otherwise,
});

test('without routing a request may go anywhere', () => {
  assert.equal(routed(undefined, {}, endpoints), endpoints);
  assert.equal(routed({}, { method: 'm' }, endpoints), endpoints);
});

test('a stage takes what the one before it left; of its routes the first that matches', () => {
  const tagged: TrafficRoute = {
    match: [
      { of: { type: 'header', name: 'Tag' }, any: [{ type: 'prefix', value: 'gr' }], none: [] },
    ],
    to: [{ weight: 1, selector: metadata('tag', 'gray') }],
    otherwise: { type: 'none' },
  };
  const both = policy([toZone('x', { type: 'all' })], [tagged, toZone('y', { type: 'none' })]);
  assert.equal(ids(both, { headers: { tag: 'gray' } }, endpoints), 'a');
  assert.equal(ids(both, { headers: { tag: 'blue' } }, endpoints), '', 'of zone x none is in y');
});

test('what refuses a request is told, and only where there was somebody to go to', () => {
  const refused: TrafficRoute = {
    match: [
      {
        of: { type: 'caller', label: 'application' },
        any: [{ type: 'exact', value: 'shop' }],
        none: [],
      },
    ],
    ...{ to: [], otherwise: { type: 'none' } },
  };
  const given = policy([toZone('x', { type: 'all' })], [refused], [toZone('q', { type: 'none' })]);
  const shop = { caller: { application: 'shop' } };
  assert.equal(ids(given, shop, endpoints), '');
  assert.deepEqual(refusal(given, shop, endpoints), { stage: given.routing![1], route: refused });
  // Who is not of the second is left nothing by the third.
  assert.equal(refusal(given, {}, endpoints)?.stage, given.routing![2]);
  assert.equal(refusal(given, shop, []), undefined);
  assert.equal(refusal(policy([refused]), {}, endpoints), undefined);
  assert.equal(refusal(undefined, {}, endpoints), undefined);
});

test('where nothing is selected', () => {
  const to = (otherwise: TrafficRoute['otherwise']) =>
    ids(policy([toZone('nowhere', otherwise)]), {}, endpoints);
  assert.equal(to({ type: 'all' }), 'abc');
  assert.equal(to({ type: 'none' }), '');
  assert.equal(to({ type: 'select', selector: metadata('zone', 'y') }), 'b');
  const refused = { match: [], to: [], otherwise: { type: 'all' } } as const;
  assert.equal(ids(policy([refused]), {}, endpoints), '', 'no destination at all is a refusal');
});

test('destinations are drawn by weight, those that select nothing not at all', () => {
  const to = ['x', 'y', 'nowhere'].map((zone, i) => ({
    weight: [1, 3, 96][i]!,
    selector: metadata('zone', zone),
  }));
  const split = policy([{ match: [], to, otherwise: { type: 'none' } }]);
  const at = (random: number) => ids(split, {}, endpoints, () => random);
  assert.deepEqual([at(0), at(0.24), at(0.26), at(0.999)], ['ac', 'ac', 'b', 'b']);
});

test('an endpoint has its address and its host name', () => {
  const selector = (any: string[], none: string[]): EndpointSelector => [
    {
      of: { type: 'authority' },
      any: any.map((value) => ({ type: 'exact', value })),
      none: none.map((value) => ({ type: 'prefix', value })),
    },
  ];
  const to = (any: string[], none: string[] = []) => {
    const route: TrafficRoute = {
      match: [],
      to: [{ weight: 1, selector: selector(any, none) }],
      otherwise: { type: 'none' },
    };
    return ids(policy([route]), {}, endpoints);
  };
  assert.equal(to(['host:3']), 'c');
  assert.equal(to(['10.0.0.9:3', '10.0.0.1:2']), 'bc');
  assert.equal(to([], ['host:']), 'ab');
});

test("a method's settings go before all methods', a caller's before everyone's", () => {
  const stated: TrafficPolicy = {
    perTryTimeout: said(1_000),
    retries: said(2),
    methods: [{ method: 'm', perTryTimeout: said(300) }],
    callers: [
      {
        match: [
          {
            of: { type: 'caller', label: 'application' },
            any: [{ type: 'exact', value: 'shop' }],
            none: [],
          },
        ],
        perTryTimeout: said(500),
        methods: [{ method: 'n', retries: said(0) }],
      },
    ],
  };
  const of = (method: string, application?: string) => {
    const caller: Record<string, string> = application === undefined ? {} : { application };
    const { perTryTimeout, retries } = settingsFor(stated, { method, caller });
    return [perTryTimeout?.value, retries?.value];
  };
  assert.deepEqual(of('x'), [1_000, 2]);
  assert.deepEqual(of('m'), [300, 2]);
  assert.deepEqual(of('x', 'other'), [1_000, 2]);
  assert.deepEqual(of('x', 'shop'), [500, 2]);
  assert.deepEqual(
    of('m', 'shop'),
    [300, 2],
    "as in Dubbo, where a caller's method is still before it",
  );
  assert.deepEqual(of('n', 'shop'), [500, 0]);
});

test('policies are the same by what they do, whoever says so', () => {
  const one: TrafficPolicy = { retries: said(1), ...policy([toZone('x', { type: 'all' })]) };
  const other = { source: 's', path: '/other' };
  assert.ok(samePolicy(one, { ...one, retries: { value: 1, origin: other } }));
  assert.ok(!samePolicy(one, { ...one, retries: said(2) }));
  assert.ok(!samePolicy(one, { ...one, routing: [] }));
  assert.ok(!samePolicy(one, undefined) && samePolicy(undefined, undefined));
  const { retries: _, ...rest } = one;
  assert.ok(!samePolicy(one, rest));
});

test('whatever the routing, what is left was there, in its order', () => {
  const value = fc.constantFrom('x', 'y', 'gray', '');
  const key = fc.constantFrom('zone', 'tag', 'other');
  const selector = fc.array(
    fc.record({
      of: fc.record({ type: fc.constant('metadata' as const), key }),
      any: fc.array(fc.record({ type: fc.constant('exact' as const), value }), { maxLength: 2 }),
      none: fc.array(fc.record({ type: fc.constant('prefix' as const), value }), { maxLength: 1 }),
    }),
    { maxLength: 2 },
  );
  const route: fc.Arbitrary<TrafficRoute> = fc.record({
    match: fc.constant([]),
    to: fc.array(fc.record({ weight: fc.nat(100), selector }), { maxLength: 3 }),
    otherwise: fc.oneof(
      fc.record({ type: fc.constantFrom('all' as const, 'none' as const) }),
      fc.record({ type: fc.constant('select' as const), selector }),
    ),
  });
  const stages = fc.array(fc.array(route, { maxLength: 2 }), { maxLength: 3 });
  fc.assert(
    fc.property(stages, fc.double({ min: 0, max: 0.999, noNaN: true }), (list, random) => {
      const left = routed(policy(...list), {}, endpoints, () => random);
      assert.deepEqual(
        left,
        endpoints.filter((each) => left.includes(each)),
      );
    }),
  );
});
