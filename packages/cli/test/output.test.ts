import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_WEIGHT, type Endpoint, NO_LOCALITY } from '@meshkeeper/mesh';
import { changeLine } from '../src/output/change-line.ts';
import { policyLines } from '../src/output/policy.ts';
import { formatTable } from '../src/output/table.ts';

test('columns line up, and what a registry says can not move the cursor', () => {
  const table = formatTable({
    head: ['ID', 'NAME'],
    rows: [
      ['1', '\u001b[31mred\u001b[0m\r\n'],
      ['longer', 'x'],
    ],
  });
  assert.equal(table, 'ID      NAME\n1       red??\nlonger  x');
});

test('a change is a line that says what joined, left and changed', () => {
  const endpoint = (port: number, over: Partial<Endpoint> = {}): Endpoint => ({
    id: String(port),
    address: '10.0.0.1',
    port,
    weight: DEFAULT_WEIGHT,
    locality: NO_LOCALITY,
    health: 'unknown',
    metadata: {},
    origin: { registry: 'r', path: '/x', czxid: 1n, mzxid: 1n, mtime: 0 },
    ...over,
  });
  const service = (...endpoints: Endpoint[]) => ({
    name: 'a',
    protocol: 'http' as const,
    endpoints,
  });
  const line = changeLine(
    {
      type: 'updated',
      name: 'a',
      before: service(endpoint(1), endpoint(2), endpoint(3)),
      after: service(endpoint(2, { health: 'draining' }), endpoint(3, { weight: 5 }), endpoint(4)),
    },
    new Date(2026, 0, 1, 12, 30, 5),
  );
  assert.equal(
    line,
    '12:30:05  a  + 10.0.0.1:4  - 10.0.0.1:1  ~ 10.0.0.1:2 unknown -> draining  ~ 10.0.0.1:3 weight 100 -> 5',
  );
  const added = changeLine({ type: 'added', name: 'b', after: service() }, new Date());
  assert.match(added, /b {2}added$/);
});

test('a policy is a line a part, with who says so', () => {
  const origin = { source: 'dubbo', path: '/rule' };
  const exact = (value: string) => ({ type: 'exact' as const, value });
  const zone = (value: string) => [
    { of: { type: 'metadata' as const, key: 'zone' }, any: [exact(value)], none: [] },
  ];
  const lines = policyLines({
    retries: { value: 2, origin },
    methods: [{ method: 'hi', perTryTimeout: { value: 50, origin } }],
    callers: [
      {
        match: [{ of: { type: 'caller', label: 'application' }, any: [exact('a')], none: [] }],
        timeout: { value: 9, origin },
      },
    ],
    endpoints: [{ selector: zone('a'), value: [['weight', '7']], origin }],
    routing: [
      {
        name: 'tags',
        origin,
        value: [
          {
            match: [
              { of: { type: 'header', name: 'tag' }, any: [], none: [exact('x'), exact('y')] },
            ],
            to: [{ weight: 1, selector: zone('b') }],
            otherwise: { type: 'none' },
          },
          { match: [], to: [], otherwise: { type: 'all' } },
        ],
      },
    ],
  });
  assert.deepEqual(lines, [
    '  2 retries: /rule (dubbo)',
    '  method hi: timeout 50 ms a try: /rule (dubbo)',
    '  for callers whose application is a: timeout 9 ms: /rule (dubbo)',
    '  weight=7 for endpoints whose zone is a: /rule (dubbo)',
    '  routes by tags: /rule (dubbo)',
    '    those whose header tag is not x or y go to endpoints whose zone is b, or nowhere',
    '    all requests are refused',
  ]);
});
