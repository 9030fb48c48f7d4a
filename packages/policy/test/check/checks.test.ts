import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CHECKS,
  checkPolicies,
  type KnownService,
  parsePolicies,
  pathText,
  policyId,
} from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from '../arbitrary.ts';
import { example, policiesOf } from '../support.ts';

const SERVICES: readonly KnownService[] = [
  { name: 'orders', protocol: 'http' },
  { name: 'carts', protocol: 'http' },
  { name: 'ledger', protocol: 'tcp' },
  { name: 'org.example.Greeter:1.0', protocol: 'grpc' },
  { name: 'org.example.Greeter:2.0', protocol: 'grpc' },
];

type Written = readonly [kindAndName: string, spec: unknown];

/** A text of policies, each of a kind, a name, perhaps a namespace, and a spec. */
function texts(all: readonly Written[]): string {
  const documents = all.map(([id, spec]) => {
    const [kind = '', ...names] = id.split('/');
    const group = /Route$|^Gateway$/.test(kind) ? 'gateway.networking.k8s.io' : 'meshkeeper.io';
    const [name, namespace] = names.reverse();
    return JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, spec });
  });
  return documents.join('\n---\n');
}

function found(text: string, services = SERVICES): string[] {
  return checkPolicies({ policies: policiesOf(text), services }).map(
    ({ severity, code, policy, path, message }) =>
      `${severity} ${code}: ${policyId(policy)} ${pathText(path)}: ${message}`,
  );
}

const toService = [{ group: '', kind: 'Service', name: 'orders' }];
const backendRefs = [{ name: 'orders' }];
const http = (spec: object = {}): Written => [
  'HTTPRoute/a',
  { parentRefs: toService, rules: [{ backendRefs }], ...spec },
];
const listener = (name: string, of: object = {}) => ({ name, port: 80, protocol: 'HTTP', ...of });
const gateway = (...listeners: object[]): Written => ['Gateway/edge', { listeners }];
const tls = { certificateRefs: [{ name: 'a' }] };
const toEdge = (of: object = {}) => ({ parentRefs: [{ name: 'edge', ...of }] });
const policy = (id: string, name: string, of: object = {}): Written => [
  `ServicePolicy/${id}`,
  { targetRefs: [{ name }], ...of },
];
const v2 = { subsets: [{ name: 'v2', metadata: { version: '2' } }] };
const toSubset = (name: string) =>
  http({ rules: [{ backendRefs: [{ group: 'meshkeeper.io', kind: 'Subset', name }] }] });
const path = (value: string, of: object = {}) => ({ path: { value }, ...of });
const matches = (...all: object[]) => ({ matches: all, backendRefs });
const fault = (of: object): Written => [
  'FaultPolicy/f',
  { delay: { duration: '1s', percent: 1 }, ...of },
];
const extension = (kind: string, name: string) => ({
  type: 'ExtensionRef',
  extensionRef: { group: 'meshkeeper.io', kind, name },
});

/** What checks find, and where they find nothing. */
const CASES: readonly (readonly [what: string, written: readonly Written[], ...found: string[]])[] =
  [
    ['a route of a service to itself', [http()]],
    [
      'a misspelt service',
      [
        http({
          parentRefs: [{ ...toService[0], name: 'order' }],
          rules: [{ backendRefs: [{ name: 'cart' }] }],
        }),
      ],
      'warning service-missing: HTTPRoute/a spec.rules[0].backendRefs[0].name: there is no service "cart" in the catalog: did you mean "carts"?',
      'warning service-missing: HTTPRoute/a spec.parentRefs[0].name: there is no service "order" in the catalog: did you mean "orders"?',
    ],
    [
      'policies for services that there are not',
      [
        policy('a', 'payments'),
        policy('b', 'com.foo.*'),
        policy('c', 'org.*'),
        policy('d', '*Greeter:2.0'),
      ],
      'warning service-missing: ServicePolicy/a spec.targetRefs[0].name: there is no service "payments" in the catalog',
      'warning service-missing: ServicePolicy/b spec.targetRefs[0].name: no service of the catalog fits "com.foo.*"',
    ],
    ['a subset that there is', [toSubset('orders/v2'), policy('orders', 'orders', v2)]],
    ['a subset of a policy for several', [toSubset('orders/v2'), policy('orders', 'ord*', v2)]],
    [
      'a subset that there is not',
      [toSubset('orders/v3'), policy('orders', 'orders', v2), policy('all', '*')],
      'error subset-missing: HTTPRoute/a spec.rules[0].backendRefs[0].name: there is no subset "v3" of "orders": ServicePolicy/orders has v2',
    ],
    [
      'a subset of a policy that does not count',
      [toSubset('orders/v2'), policy('orders', 'orders'), policy('all', '*', v2)],
      'error subset-missing: HTTPRoute/a spec.rules[0].backendRefs[0].name: there is no subset "v2" of "orders": ServicePolicy/orders has none',
    ],
    [
      'a subset without a policy',
      [toSubset('orders/v2')],
      'error subset-missing: HTTPRoute/a spec.rules[0].backendRefs[0].name: there is no subset "v2" of "orders": no ServicePolicy is for "orders"',
    ],
    [
      'two policies for one service',
      [policy('a', 'orders'), policy('b', 'orders')],
      'error policy-overlap: ServicePolicy/b spec.targetRefs[0].name: "orders" is what ServicePolicy/a is for, too',
    ],
    [
      'of two policies for one service the first by name counts',
      [toSubset('orders/v2'), policy('a', 'orders', v2), policy('b', 'orders')],
      'error policy-overlap: ServicePolicy/b spec.targetRefs[0].name: "orders" is what ServicePolicy/a is for, too',
    ],
    [
      'two patterns that fit equally',
      [policy('a', 'order*'), policy('b', '*rders')],
      'error policy-overlap: ServicePolicy/b spec.targetRefs[0].name: "*rders" fits "orders" as exactly as "order*" of ServicePolicy/a',
    ],
    [
      'two faults for one service, for one rule, and for a rule and its route',
      [
        http({ rules: [{ name: 'write', backendRefs }] }),
        ...['b', 'a'].map(
          (name): Written => [
            `FaultPolicy/${name}`,
            {
              targetRefs: [
                { name: 'orders' },
                { kind: 'HTTPRoute', name: 'a', sectionName: 'write' },
                ...(name === 'a' ? [{ kind: 'HTTPRoute', name: 'a' }] : []),
              ],
              delay: { duration: '1s', percent: 1 },
            },
          ],
        ),
      ],
      'error policy-overlap: FaultPolicy/b spec.targetRefs[0].name: "orders" is what FaultPolicy/a is for, too',
      'error policy-overlap: FaultPolicy/b spec.targetRefs[1].name: rule "write" of HTTPRoute "a" is what FaultPolicy/a is for, too',
    ],
    [
      'limits for one service, of which the second is counted by nobody yet',
      ['a', 'b', 'c'].map(
        (name): Written => [
          `RateLimitPolicy/${name}`,
          {
            targetRefs: [{ name: name === 'c' ? 'o*' : 'ord*' }],
            ...(name === 'a'
              ? {
                  global: {
                    service: { name: 'orders' },
                    domain: 'a',
                    descriptors: [[{ from: 'caller' }]],
                  },
                }
              : { local: { limits: [{ requests: 1 }] } }),
          },
        ],
      ),
      'warning not-enforced: RateLimitPolicy/a spec.global: is read and checked, and not enforced yet',
    ],
    [
      'routes of HTTP and of gRPC for one host of a listener, and for two',
      [
        gateway(listener('web')),
        http({ ...toEdge(), hostnames: ['*.example.com'] }),
        ...['b', 'c'].map(
          (name): Written => [
            `GRPCRoute/${name}`,
            {
              ...toEdge(),
              hostnames: [name === 'b' ? 'a.example.com' : 'example.com'],
              rules: [{ backendRefs: [{ name: 'org.example.Greeter:1.0' }] }],
            },
          ],
        ),
      ],
      'error route-kinds: GRPCRoute/b spec.parentRefs[0]: listener "web" has HTTPRoute/a for the same host, and a host is for one kind: this route does not hold',
    ],
    [
      'routes of two kinds for one service',
      [http(), ['TCPRoute/t', { parentRefs: toService, rules: [{ backendRefs }] }]],
      'error route-kinds: TCPRoute/t spec.parentRefs[0]: "orders" has HTTPRoute/a, and routes of a service are of one kind: this one does not hold',
    ],
    ['patterns of which one is more exact', [policy('a', 'order*'), policy('b', '*')]],
    [
      'a gateway and its routes',
      [
        gateway(listener('web')),
        http({ ...toEdge({ sectionName: 'web' }), hostnames: ['a.example.com'] }),
        [
          'GRPCRoute/g',
          {
            ...toEdge(),
            hostnames: ['b.example.com'],
            rules: [
              {
                matches: [{ method: { service: 'a.B' } }],
                backendRefs: [{ name: 'org.example.Greeter:1.0' }],
              },
            ],
          },
        ],
      ],
    ],
    [
      'a gateway that there is not',
      [gateway(listener('web')), http({ parentRefs: [{ name: 'egde' }] })],
      'error gateway-missing: HTTPRoute/a spec.parentRefs[0].name: there is no gateway "egde": did you mean "edge"?',
    ],
    [
      'a gateway of another namespace',
      [['Gateway/infra/edge', { listeners: [listener('web')] }], http(toEdge())],
      'error gateway-missing: HTTPRoute/a spec.parentRefs[0].name: there is no gateway "edge"',
    ],
    [
      'a listener that there is not',
      [gateway(listener('web')), http(toEdge({ sectionName: 'https' }))],
      'error gateway-missing: HTTPRoute/a spec.parentRefs[0].sectionName: gateway "edge" has no listener "https"; it has web (80)',
    ],
    [
      'a route on a listener of another protocol',
      [gateway(listener('db', { protocol: 'TCP' })), http(toEdge())],
      'error route-not-allowed: HTTPRoute/a spec.parentRefs[0]: listener "db" speaks TCP, which is not for a HTTPRoute',
    ],
    [
      'a kind that the listener does not allow',
      [
        gateway(listener('web', { allowedRoutes: { kinds: [{ kind: 'GRPCRoute' }] } })),
        http(toEdge()),
      ],
      'error route-not-allowed: HTTPRoute/a spec.parentRefs[0]: listener "web" allows only GRPCRoute',
    ],
    [
      'a namespace that the listener does not allow',
      [
        ['Gateway/infra/edge', { listeners: [listener('web')] }],
        [
          'HTTPRoute/shop/a',
          { parentRefs: [{ name: 'edge', namespace: 'infra' }], rules: [{ backendRefs }] },
        ],
      ],
      'error route-not-allowed: HTTPRoute/shop/a spec.parentRefs[0]: listener "web" allows no routes of namespace "shop"',
    ],
    [
      'a host that the listener is not for',
      [
        gateway(listener('web', { hostname: '*.example.com' })),
        http({ ...toEdge(), hostnames: ['example.com', 'a.example.org'] }),
      ],
      'error route-not-allowed: HTTPRoute/a spec.parentRefs[0]: listener "web" is for *.example.com, and the route for example.com, a.example.org',
    ],
    [
      'a host that one of the listeners is for',
      [
        gateway(
          listener('web', { hostname: '*.example.com' }),
          listener('db', { port: 81, protocol: 'TCP' }),
        ),
        http({ ...toEdge(), hostnames: ['*.shop.example.com'] }),
      ],
    ],
    [
      'two gateways at one port',
      [
        gateway(listener('web')),
        ['Gateway/other', { listeners: [listener('db', { protocol: 'TCP' })] }],
      ],
      'error listener-conflict: Gateway/other spec.listeners[0].port: port 80 is that of listener "web" of Gateway/edge already',
    ],
    [
      'HTTP and HTTPS at one port',
      [gateway(listener('web'), listener('secure', { protocol: 'HTTPS', hostname: 'a', tls }))],
      'error listener-conflict: Gateway/edge spec.listeners[1].port: port 80 is that of listener "web" of Gateway/edge already',
    ],
    [
      'TLS that ends here and elsewhere at one port, for one host and for two',
      [
        gateway(
          listener('here', { protocol: 'HTTPS', hostname: 'a', tls }),
          listener('there', { protocol: 'TLS', hostname: 'a', tls: { mode: 'Passthrough' } }),
          listener('other', { protocol: 'TLS', hostname: 'b', tls: { mode: 'Passthrough' } }),
        ),
      ],
      'error listener-conflict: Gateway/edge spec.listeners[1].port: port 80 is that of listener "here" of Gateway/edge already',
    ],
    [
      'listeners of one port for two hosts',
      [gateway(listener('web', { hostname: 'a' }), listener('web-b', { hostname: 'b' }))],
    ],
    [
      'a gateway of another class',
      [['Gateway/edge', { gatewayClassName: 'nginx', listeners: [listener('web')] }]],
      'warning gateway-class: Gateway/edge spec.gatewayClassName: gateways of class "nginx" are not served here',
    ],
    [
      'a route of HTTP to a service of TCP',
      [http({ rules: [{ backendRefs: [{ name: 'ledger' }] }] })],
      'error protocol-mismatch: HTTPRoute/a spec.rules[0].backendRefs[0].name: "ledger" speaks tcp, which is not for a HTTPRoute',
    ],
    [
      'a route of HTTP to a service of which an operator says that it speaks HTTP',
      [
        http({ rules: [{ backendRefs: [{ name: 'ledger' }] }] }),
        policy('l', 'ledger', { protocol: 'http' }),
      ],
    ],
    [
      'hashing on what a connection does not have',
      [
        policy('l', 'ledger', {
          loadBalancing: { type: 'maglev', hash: [{ on: 'header', name: 'a' }] },
        }),
      ],
      'error protocol-mismatch: ServicePolicy/l spec.targetRefs[0].name: "ledger" speaks tcp: hashing on a header needs HTTP or gRPC',
    ],
    [
      'hashing on the source address',
      [
        policy('l', 'ledger', {
          loadBalancing: { type: 'maglev', hash: [{ on: 'source-address' }] },
        }),
      ],
    ],
    [
      'asking by gRPC for the health of who speaks HTTP/1.1',
      [policy('l', 'orders', { healthChecks: [{ type: 'grpc' }] })],
      'error protocol-mismatch: ServicePolicy/l spec.targetRefs[0].name: "orders" speaks http: a health check of gRPC needs http2 or grpc',
    ],
    [
      'asking by gRPC for the health of who is said to speak HTTP/2',
      [policy('l', 'orders', { healthChecks: [{ type: 'grpc' }], protocol: 'http2' })],
    ],
    [
      'faults of a service of TCP',
      [fault({ targetRefs: [{ name: 'ledger' }] })],
      'error protocol-mismatch: FaultPolicy/f spec.targetRefs[0].name: "ledger" speaks tcp: a FaultPolicy needs HTTP or gRPC',
    ],
    [
      'kinds that there are not',
      [
        http({
          parentRefs: [{ kind: 'Service', name: 'orders' }],
          rules: [
            {
              backendRefs: [
                { group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name: 'orders' },
                { kind: 'Subset', name: 'orders/v2' },
              ],
              filters: [extension('ServicePolicy', 'a')],
            },
          ],
        }),
      ],
      'error unknown-kind: HTTPRoute/a spec.parentRefs[0].kind: a route can not be attached to gateway.networking.k8s.io/Service: write a Gateway, or a Service with group ""',
      'error unknown-kind: HTTPRoute/a spec.rules[0].backendRefs[0].kind: requests can not go to a ServiceImport: write a Service, or a Subset of group meshkeeper.io',
      'error unknown-kind: HTTPRoute/a spec.rules[0].backendRefs[1].kind: a Subset is written with group: meshkeeper.io and name: service/subset',
      'error unknown-kind: HTTPRoute/a spec.rules[0].filters[0].extensionRef.kind: there is no extension meshkeeper.io/ServicePolicy: write FaultPolicy or RateLimitPolicy of group meshkeeper.io',
    ],
    [
      'a policy that a rule names, and one that it does not find',
      [
        fault({}),
        http({
          rules: [
            {
              backendRefs,
              filters: [extension('FaultPolicy', 'f'), extension('RateLimitPolicy', 'f')],
            },
          ],
        }),
      ],
      'error policy-missing: HTTPRoute/a spec.rules[0].filters[1].extensionRef.name: there is no RateLimitPolicy "f"',
    ],
    [
      'a policy that nothing refers to',
      [fault({}), http({ parentRefs: [] })],
      'warning unattached: FaultPolicy/f spec: has no targetRefs, and no rule refers to it: it is for nothing',
      'warning unattached: HTTPRoute/a spec: has no parentRefs: the route is for nobody',
    ],
    [
      'a policy for rules that there are not',
      [
        http({ rules: [{ name: 'write', backendRefs }] }),
        fault({
          targetRefs: [
            { kind: 'HTTPRoute', name: 'a', sectionName: 'write' },
            { kind: 'HTTPRoute', name: 'a', sectionName: 'read' },
            { kind: 'GRPCRoute', name: 'a' },
          ],
        }),
      ],
      'error rule-missing: FaultPolicy/f spec.targetRefs[1].sectionName: HTTPRoute "a" has no rule "read"',
      'error rule-missing: FaultPolicy/f spec.targetRefs[2].name: there is no GRPCRoute "a"',
    ],
    [
      'rules without backends',
      [
        http({
          rules: [
            {},
            { matches: [path('/a')], filters: [{ type: 'RequestRedirect', requestRedirect: {} }] },
            { matches: [path('/b')], backendRefs: [{ name: 'orders', weight: 0 }] },
          ],
        }),
      ],
      'warning no-backend: HTTPRoute/a spec.rules[0]: has no backendRefs: its requests fail',
      'warning weight-zero: HTTPRoute/a spec.rules[2].backendRefs: all have weight 0: requests of the rule fail',
    ],
    [
      'matches that are there twice',
      [
        http({
          rules: [
            matches(
              path('/a', {
                headers: [
                  { name: 'X-A', value: '1' },
                  { name: 'b', value: '2' },
                ],
              }),
            ),
            matches(
              path('/a'),
              path('/a/', {
                headers: [
                  { name: 'b', value: '2' },
                  { name: 'x-a', value: '1' },
                ],
              }),
            ),
            matches(path('/a', { method: 'GET' }), path('/b'), path('/b')),
          ],
        }),
      ],
      'warning rule-unreachable: HTTPRoute/a spec.rules[1].matches[1]: any method /a/…, b: 2, x-a: 1 is what rule 1 fits already: this is never reached',
      'warning rule-unreachable: HTTPRoute/a spec.rules[2].matches[2]: any method /b/… is what this rule fits already: this is never reached',
    ],
    [
      'rules for all calls',
      [
        [
          'GRPCRoute/g',
          {
            parentRefs: [{ ...toService[0], name: 'org.example.Greeter:1.0' }],
            rules: [1, 2].map(() => ({ backendRefs: [{ name: 'org.example.Greeter:1.0' }] })),
          },
        ],
      ],
      'warning rule-unreachable: GRPCRoute/g spec.rules[1]: */* is what rule 1 fits already: this is never reached',
    ],
    [
      'two routes for the same requests',
      [
        ['HTTPRoute/b', { parentRefs: toService, rules: [matches(path('/a'), path('/b'))] }],
        http({ rules: [matches(path('/b'))] }),
      ],
      'warning route-overlap: HTTPRoute/b spec.rules[0].matches[1]: any method /b/… is what HTTPRoute/a is for, which counts',
    ],
    [
      'two routes for the same requests of two hosts',
      [
        ['HTTPRoute/b', { parentRefs: toService, hostnames: ['b'], rules: [{ backendRefs }] }],
        http({ hostnames: ['a'] }),
      ],
    ],
    [
      'two routes for connections',
      ['a', 'b'].map(
        (name): Written => [
          `TCPRoute/${name}`,
          {
            parentRefs: [{ ...toService[0], name: 'ledger' }],
            rules: [{ backendRefs: [{ name: 'ledger' }] }],
          },
        ],
      ),
      'warning route-overlap: TCPRoute/b spec.parentRefs[0]: each connection is what TCPRoute/a is for, which counts',
    ],
    [
      'a global limit',
      [
        [
          'RateLimitPolicy/r',
          {
            targetRefs: backendRefs,
            global: {
              service: { name: 'orders' },
              domain: 'shop',
              descriptors: [[{ from: 'caller' }]],
            },
          },
        ],
      ],
      'warning not-enforced: RateLimitPolicy/r spec.global: is read and checked, and not enforced yet',
    ],
  ];

describe('checks', () => {
  for (const [what, policies, ...findings] of CASES)
    test(what, () => assert.deepEqual(found(texts(policies)).sort(), findings.toSorted()));

  test('each has a case that it finds', () => {
    const codes = CASES.flatMap(([, , ...findings]) =>
      findings.map((text) => /^\w+ ([\w-]+):/.exec(text)?.[1]),
    );
    assert.deepEqual([...new Set(codes)].sort(), CHECKS.map(({ code }) => code).sort());
  });

  test('all examples together are in order', () => {
    const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'Gateway', 'ServicePolicy'];
    const all = [...kinds, 'FaultPolicy', 'RateLimitPolicy'].map(example).join('---\n');
    assert.deepEqual(found(all), []);
  });

  test('no policies make them throw', () => {
    const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'Gateway', 'ServicePolicy'] as const;
    const one = fc.oneof(
      ...[...kinds, 'FaultPolicy', 'RateLimitPolicy'].map((kind) => written(kind as 'Gateway')),
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (values) => {
        const { policies } = parsePolicies(
          values.map((value) => JSON.stringify(value)).join('\n---\n'),
        );
        const input = { policies: policies.map(({ policy }) => policy), services: SERVICES };
        for (const { policy, path: at, message } of checkPolicies(input)) {
          assert.ok(input.policies.includes(policy) && message !== '');
          assert.equal(at[0], 'spec');
        }
      }),
      { numRuns: 100 },
    );
  });
});
