import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GatewayListener } from '@meshkeeper/mesh';
import { compiled, names, type Written } from './written.ts';

const backendRefs = [{ name: 'orders' }];
const listener = (name: string, of: object = {}) => ({ name, port: 80, protocol: 'HTTP', ...of });
const gateway = (...listeners: object[]): Written => ['Gateway/edge', { listeners }];
const tls = { certificateRefs: [{ name: 'a' }] };

function http(id: string, of: object = {}, ref: object = {}): Written {
  return [id, { parentRefs: [{ name: 'edge', ...ref }], rules: [{ backendRefs }], ...of }];
}

function listeners(...all: Written[]): Readonly<Record<string, GatewayListener>> {
  const found = compiled(...all).gateways.flatMap((one) => one.listeners);
  return Object.fromEntries(found.map((one) => [one.name, one]));
}

/** The rules of a listener, by host. */
function hosts(of: GatewayListener | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries([...(of?.hosts ?? [])].map(([host, rules]) => [host, names(rules)]));
}

describe('a host of a listener', () => {
  const atWeb = (hostname: string | undefined, ...hostnames: string[]) =>
    Object.keys(
      hosts(
        listeners(gateway(listener('web', { hostname })), http('HTTPRoute/a', { hostnames })).web,
      ),
    );

  test('is what the listener and the route are both for', () => {
    assert.deepEqual(atWeb(undefined), ['*']);
    assert.deepEqual(atWeb(undefined, 'a.com', '*.b.com'), ['a.com', '*.b.com']);
    assert.deepEqual(atWeb('*.a.com'), ['*.a.com']);
    assert.deepEqual(atWeb('*.a.com', 'b.a.com', 'a.com', 'b.c.a.com'), ['b.a.com', 'b.c.a.com']);
    assert.deepEqual(atWeb('*.b.a.com', '*.a.com', '*.c.b.a.com'), ['*.b.a.com', '*.c.b.a.com']);
    assert.deepEqual(atWeb('b.a.com', '*.a.com', 'a.com'), ['b.a.com']);
    assert.deepEqual(atWeb('b.a.com', 'c.a.com'), []);
  });

  test('is for HTTP or for gRPC: the first by name has it', () => {
    const of = (...hostnames: string[]) => ({ hostnames });
    const { web, other } = listeners(
      gateway(listener('web'), listener('other', { port: 81, hostname: 'c.com' })),
      http('HTTPRoute/b', of('a.com', 'c.com')),
      http('GRPCRoute/c', of('*.com')),
      http('GRPCRoute/a', of('c.com')),
      http('HTTPRoute/d', of('a.com')),
      http('GRPCRoute/f', of('e.org')),
      http('HTTPRoute/e', of('e.org')),
    );
    assert.deepEqual(hosts(web), {
      'c.com': 'GRPCRoute/a #0',
      '*.com': 'GRPCRoute/c #0',
      'e.org': 'HTTPRoute/e #0',
    });
    assert.deepEqual(hosts(other), { 'c.com': 'GRPCRoute/a #0, GRPCRoute/c #0' });
  });
});

describe('a route', () => {
  test('is at the listeners that it names, by name and port, once at each', () => {
    const three = gateway(
      listener('a'),
      listener('b', { port: 81 }),
      listener('c', { port: 81, hostname: 'c.com' }),
    );
    const at = (...parentRefs: object[]) =>
      Object.values(
        listeners(
          three,
          http('HTTPRoute/r', { parentRefs: parentRefs.map((ref) => ({ name: 'edge', ...ref })) }),
        ),
      )
        .filter((one) => one.hosts.size > 0)
        .map(({ name, hosts: of }) => name + [...of.values()].map(({ length }) => length));
    assert.deepEqual(at({}), ['a1', 'b1', 'c1']);
    assert.deepEqual(at({ sectionName: 'b' }), ['b1']);
    assert.deepEqual(at({ port: 81 }), ['b1', 'c1']);
    assert.deepEqual(at({ sectionName: 'a' }, { port: 80 }), ['a1']);
    assert.deepEqual(at({ sectionName: 'a', port: 81 }), []);
  });

  test('is at those only that allow it', () => {
    const allow = (allowedRoutes: object) => gateway(listener('web', { allowedRoutes }));
    const rules = (one: Written, ...all: Written[]) => hosts(listeners(one, ...all).web)['*'];
    const own = http('HTTPRoute/a');
    assert.equal(rules(allow({ kinds: [{ kind: 'GRPCRoute' }] }), own), undefined);
    assert.equal(rules(allow({}), own), 'HTTPRoute/a #0');
    const other: Written = [
      'HTTPRoute/team/b',
      { parentRefs: [{ name: 'edge', namespace: 'infra' }] },
    ];
    const infra = (namespaces: object): Written => [
      'Gateway/infra/edge',
      { listeners: [listener('web', { allowedRoutes: { namespaces } })] },
    ];
    assert.equal(rules(infra({ from: 'Same' }), other), undefined);
    assert.equal(rules(infra({ from: 'All' }), other), 'HTTPRoute/team/b #0');
    const selector = (name: string) => ({
      from: 'Selector',
      selector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
    });
    assert.equal(rules(infra(selector('team')), other), 'HTTPRoute/team/b #0');
    assert.equal(rules(infra(selector('other')), other), undefined);
  });

  test('of connections is at listeners of TCP and TLS, the first by name', () => {
    const to = (name: string): Written => [
      `TCPRoute/${name}`,
      { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name }] }] },
    ];
    const { web, db, secure } = listeners(
      gateway(
        listener('web'),
        listener('db', { port: 81, protocol: 'TCP' }),
        listener('secure', { port: 82, protocol: 'TLS', tls: { mode: 'Passthrough' } }),
      ),
      to('b'),
      to('a'),
    );
    assert.deepEqual(
      [web?.tcp, db?.tcp, secure?.tcp],
      [undefined, [{ service: 'a', weight: 1 }], [{ service: 'a', weight: 1 }]],
    );
    assert.deepEqual(secure?.tls, { mode: 'passthrough', certificates: [] });
  });
});

describe('a gateway', () => {
  test('of another class is not served, nor are listeners that others are in the way of', () => {
    const { gateways } = compiled(
      ['Gateway/b', { listeners: [listener('web'), listener('own', { port: 81 })] }],
      ['Gateway/a', { listeners: [listener('web', { protocol: 'TCP' })] }],
      ['Gateway/0', { gatewayClassName: 'nginx', listeners: [listener('web')] }],
    );
    assert.deepEqual(
      gateways.map(({ name, listeners: own }) => [name, ...own.map((one) => one.name)]),
      [
        ['a', 'web'],
        ['b', 'own'],
      ],
    );
  });

  test('keeps a listener that only one that is not served is in the way of', () => {
    const served = listeners(
      gateway(
        listener('first', { hostname: 'a' }),
        listener('odd', { protocol: 'TCP' }),
        listener('third', { hostname: 'b' }),
      ),
    );
    assert.deepEqual(Object.keys(served), ['first', 'third']);
  });

  test('has the names of its certificates, and of those whom clients’ have to be from', () => {
    const ca = (name: string, namespace?: string) => ({
      group: '',
      kind: 'ConfigMap',
      name,
      namespace,
    });
    const validation = (name: string, mode?: string) => ({
      validation: { caCertificateRefs: [ca(name), ca(name, 'pki')], mode },
    });
    const https = (name: string, port: number, of: object = tls) =>
      listener(name, { port, protocol: 'HTTPS', tls: of });
    const frontend = {
      default: validation('all'),
      perPort: [
        { port: 444, tls: validation('some', 'AllowInsecureFallback') },
        { port: 445, tls: {} },
      ],
    };
    const spec = {
      tls: { frontend },
      listeners: [
        https('a', 443, { certificateRefs: [{ name: 'a' }, { name: 'b', namespace: 'pki' }] }),
        https('b', 444),
        https('c', 445, { certificateRefs: [{ kind: 'Other', name: 'a' }] }),
      ],
    };
    const { gateways } = compiled(['Gateway/infra/edge', spec]);
    assert.equal(gateways[0]?.name, 'infra/edge');
    assert.deepEqual(
      gateways[0]?.listeners.map((one) => one.tls),
      [
        {
          mode: 'terminate',
          certificates: ['infra/a', 'pki/b'],
          clients: { authorities: ['infra/all', 'pki/all'], optional: false },
        },
        {
          mode: 'terminate',
          certificates: ['infra/a'],
          clients: { authorities: ['infra/some', 'pki/some'], optional: true },
        },
        { mode: 'terminate', certificates: [] },
      ],
    );
  });
});
