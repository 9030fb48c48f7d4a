import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePorts } from '@meshkeeper/testbed';
import type { Way } from '../stage/ask.ts';
import { makeCertificates } from '../stage/certificates.ts';
import { serviceAt } from '../stage/services.ts';
import { notDone } from '../stage/unsupported.ts';
import { isShare } from './shares.ts';
import { listening, type Plane, Stand } from './stand.ts';
import { where } from './tables.ts';
import { gateway, gatewayRoute, tcpRoute } from './written.ts';

const to = (service: string, path = '/') => `
    - matches: [{ path: { value: ${path} } }]
      backendRefs: [{ name: ${service} }]`;

describe('listeners of gateways', () => {
  const certificates = mkdtempSync(join(tmpdir(), 'meshkeeper-certificates-'));
  const pem = (name: string, file: string) => readFileSync(join(certificates, name, file));
  let own: Server;
  before(async () => {
    await makeCertificates(certificates, {
      shop: 'shop.example',
      wild: '*.wild.example',
      own: 'own.example',
      client: 'client.example',
      stranger: 'stranger.example',
    });
    const files = { cert: pem('own', 'tls.crt'), key: pem('own', 'tls.key') };
    own = createServer(files, ({ url, headers }, response) => {
      response.writeHead(200, { 'x-from': 'own' });
      response.end(JSON.stringify({ at: 'own', url, headers }));
    });
    await new Promise<void>((resolve) => {
      own.listen(0, '127.0.0.1', resolve);
    });
  });
  const stand = new Stand({ planes: ['envoy', 'embedded'], certificates });
  after(() => {
    own.close();
    own.closeAllConnections();
    rmSync(certificates, { recursive: true });
  });

  /** What is answered to requests for these hosts. */
  const reached = async (plane: Plane, port: number, hosts: readonly string[], path = '/') => {
    const found = hosts.map(async (host) => where(await plane.enter(port, host, { path })));
    return Promise.all(found);
  };

  test('of HTTP at one port: each has the requests for its host name, which are nobody else’s', async () => {
    const [port, other] = await freePorts(2);
    const policies =
      gateway(`
  listeners:
    - { name: any, port: ${port}, protocol: HTTP }
    - { name: shop, port: ${port}, protocol: HTTP, hostname: shop.example }
    - { name: wild, port: ${port}, protocol: HTTP, hostname: "*.wild.example" }
    - { name: bare, port: ${port}, protocol: HTTP, hostname: a.wild.example }
    - { name: other, port: ${other}, protocol: HTTP }`) +
      gatewayRoute('HTTPRoute', 'any', to('v1'), '', 'any') +
      gatewayRoute('HTTPRoute', 'shop', to('v2', '/shop'), '', 'shop') +
      gatewayRoute('HTTPRoute', 'wild', to('web'), '', 'wild') +
      gatewayRoute(
        'HTTPRoute',
        'deep',
        to('v2', '/deep'),
        '  hostnames: [b.wild.example]',
        'wild',
      ) +
      gatewayRoute('HTTPRoute', 'never', to('v2', '/never'), '  hostnames: [c.other]', 'wild') +
      gatewayRoute('HTTPRoute', 'other', to('v2'), '  hostnames: [x.example]', 'other');
    await stand.set(policies);
    for (const plane of stand.proxies) {
      const { kind } = plane;
      await listening(plane, port!, other!);
      const hosts = ['x.example', 'SHOP.example', 'shop.example:8080', 'b.wild.example:1'];
      assert.deepEqual(await reached(plane, port!, hosts), ['v1', 404, 404, 'web'], kind);
      const shop = ['shop.example', 'shop.example:8080', 'x.example'];
      assert.deepEqual(await reached(plane, port!, shop, '/shop'), ['v2', 'v2', 'v1'], kind);
      const wild = ['wild.example', 'a.wild.example', 'b.wild.example', 'c.b.wild.example'];
      assert.deepEqual(await reached(plane, port!, wild), ['v1', 404, 'web', 'web'], kind);
      assert.deepEqual(await reached(plane, port!, wild, '/deep'), ['v1', 404, 'v2', 'web'], kind);
      assert.deepEqual(await reached(plane, other!, ['x.example', 'y.example']), ['v2', 404], kind);
      assert.deepEqual(notDone(policies, kind), []);
    }
  });

  test('of a route that names none, or a port: all that take it', async () => {
    const [port, other] = await freePorts(2);
    await stand.set(
      gateway(`
  listeners:
    - { name: one, port: ${port}, protocol: HTTP, hostname: "*.one.example" }
    - { name: two, port: ${other}, protocol: HTTP }`) +
        gatewayRoute('HTTPRoute', 'all', to('v1'), '  hostnames: [a.one.example, two.example]') +
        gatewayRoute('HTTPRoute', 'port', to('v2', '/port')).replace(
          '{ name: edge',
          `{ name: edge, port: ${other}`,
        ),
    );
    for (const plane of stand.proxies) {
      await listening(plane, port!, other!);
      const hosts = ['a.one.example', 'b.one.example', 'two.example'];
      assert.deepEqual(await reached(plane, port!, hosts), ['v1', 404, 404], plane.kind);
      assert.deepEqual(await reached(plane, other!, hosts), ['v1', 404, 'v1'], plane.kind);
      // Precedence is given to the more exact host first: what it takes, it takes.
      assert.deepEqual(
        await reached(plane, other!, hosts, '/port'),
        ['v1', 'v2', 'v1'],
        plane.kind,
      );
    }
  });

  test('redirects of a listener lead to its own port', async () => {
    const [port] = await freePorts(1);
    await stand.set(
      gateway(`  listeners: [{ name: web, port: ${port}, protocol: HTTP }]`) +
        gatewayRoute(
          'HTTPRoute',
          'moved',
          `
    - matches: [{ path: { value: /host } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: other.example } }]
    - matches: [{ path: { value: /https } }]
      filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }]
    - matches: [{ path: { value: /plain } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: other.example, port: 80 } }]`,
        ),
    );
    for (const plane of stand.proxies) {
      await listening(plane, port!);
      const location = async (host: string, path: string) =>
        (await plane.enter(port!, host, { path })).headers.location;
      const { kind } = plane;
      assert.equal(await location('x.example', '/host'), `http://other.example:${port}/host`, kind);
      assert.equal(await location('x.example', '/https'), 'https://x.example/https', kind);
      const asked = `x.example:${port}`;
      assert.equal(await location(asked, '/https'), 'https://x.example:443/https', kind);
      assert.equal(await location('x.example', '/plain'), 'http://other.example/plain', kind);
    }
  });

  test('of HTTPS: the server name decides which certificate is shown, and whose routes count', async () => {
    const [port] = await freePorts(1);
    const tls = (name: string) => `tls: { certificateRefs: [{ name: ${name} }] }`;
    const policies =
      gateway(`
  listeners:
    - { name: shop, port: ${port}, protocol: HTTPS, hostname: shop.example, ${tls('shop')} }
    - { name: wild, port: ${port}, protocol: HTTPS, hostname: "*.wild.example", ${tls('wild')} }`) +
      gatewayRoute('HTTPRoute', 'shop', to('v1'), '', 'shop') +
      gatewayRoute('HTTPRoute', 'wild', to('v2'), '', 'wild');
    await stand.set(policies);
    const secure = (name: string, servername: string): Way => ({
      tls: { ca: pem(name, 'ca.crt'), servername },
    });
    for (const plane of stand.proxies) {
      const { kind } = plane;
      await listening(plane, port!);
      const ask = (host: string, way: Way) => plane.enter(port!, host, {}, way);
      assert.equal(where(await ask('shop.example', secure('shop', 'shop.example'))), 'v1', kind);
      assert.equal(
        where(await ask('a.wild.example', secure('wild', 'a.wild.example'))),
        'v2',
        kind,
      );
      // No listener is for that name.
      await assert.rejects(ask('x.example', secure('shop', 'x.example')), kind);
      // That of another host is not shown.
      await assert.rejects(ask('shop.example', secure('wild', 'shop.example')), kind);
      await assert.rejects(plane.enter(port!, 'shop.example'), kind);
      // A request on the connection of another name is not that other's.
      const { status } = await ask('a.wild.example', secure('shop', 'shop.example'));
      assert.equal(status, 404, kind);
      assert.deepEqual(notDone(policies, kind), []);
    }
  });

  test('of HTTPS with clients that have to show who they are', async () => {
    const [port, optional] = await freePorts(2);
    const policies =
      gateway(`
  listeners:
    - { name: shop, port: ${port}, protocol: HTTPS, tls: { certificateRefs: [{ name: shop }] } }
    - { name: maybe, port: ${optional}, protocol: HTTPS, tls: { certificateRefs: [{ name: shop }] } }
  tls:
    frontend:
      default:
        validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: client }] }
      perPort:
        - port: ${optional}
          tls:
            validation:
              mode: AllowInsecureFallback
              caCertificateRefs: [{ group: "", kind: ConfigMap, name: client }]`) +
      gatewayRoute('HTTPRoute', 'shop', to('v1'));
    await stand.set(policies);
    const as = (client?: string): Way => ({
      tls: {
        ca: pem('shop', 'ca.crt'),
        servername: 'shop.example',
        ...(client !== undefined && { cert: pem(client, 'tls.crt'), key: pem(client, 'tls.key') }),
      },
    });
    for (const plane of stand.proxies) {
      await listening(plane, port!, optional!);
      const ask = (at: number | undefined, client?: string) =>
        plane.enter(at!, 'shop.example', {}, as(client));
      assert.equal(where(await ask(port, 'client')), 'v1', plane.kind);
      await assert.rejects(ask(port), plane.kind);
      await assert.rejects(ask(port, 'stranger'), plane.kind);
      for (const client of ['client', undefined, 'stranger'])
        assert.equal(where(await ask(optional, client)), 'v1', `${plane.kind} ${client}`);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
    const two = policies.replace(
      /name: client }\]/g,
      'name: client }, { group: "", kind: ConfigMap, name: shop }]',
    );
    for (const { kind } of stand.planes)
      assert.deepEqual(notDone(two, kind), [
        'Gateway/edge: spec.tls.frontend.default.validation.caCertificateRefs.1',
        'Gateway/edge: spec.tls.frontend.perPort.0.tls.validation.caCertificateRefs.1',
      ]);
  });

  test('of TLS: it passes through to who has the certificate, or ends here', async () => {
    const [port] = await freePorts(1);
    const policies =
      gateway(`
  listeners:
    - { name: own, port: ${port}, protocol: TLS, hostname: own.example, tls: { mode: Passthrough } }
    - { name: ends, port: ${port}, protocol: TLS, hostname: shop.example, tls: { certificateRefs: [{ name: shop }] } }`) +
      tcpRoute('own', '[{ name: edge, sectionName: own }]', '[{ name: secure }]') +
      tcpRoute('ends', '[{ name: edge, sectionName: ends }]', '[{ name: plain }]');
    const { port: securePort } = own.address() as AddressInfo; // no path of a socket
    await stand.set(
      policies,
      serviceAt('secure', [securePort], 'tcp'),
      serviceAt('plain', [stand.echo('v1').port], 'tcp'),
    );
    for (const plane of stand.proxies) {
      await listening(plane, port!);
      const ask = (name: string, servername: string) =>
        plane.enter(port!, servername, {}, { tls: { ca: pem(name, 'ca.crt'), servername } });
      assert.equal(where(await ask('own', 'own.example')), 'own', plane.kind);
      assert.equal(where(await ask('shop', 'shop.example')), 'v1', plane.kind);
      await assert.rejects(ask('own', 'other.example'), plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('of TCP: connections go to backends by weight; a share that nobody takes is closed', async () => {
    const [port, half, none, free] = await freePorts(4);
    const policies =
      gateway(`
  listeners:
    - { name: tcp, port: ${port}, protocol: TCP }
    - { name: half, port: ${half}, protocol: TCP }
    - { name: none, port: ${none}, protocol: TCP }
    - { name: free, port: ${free}, protocol: TCP }`) +
      tcpRoute(
        'tcp',
        '[{ name: edge, sectionName: tcp }]',
        '[{ name: raw1, weight: 1 }, { name: raw2, weight: 3 }, { name: raw3, weight: 0 }]',
      ) +
      tcpRoute(
        'half',
        '[{ name: edge, sectionName: half }]',
        '[{ name: raw1 }, { group: example.org, kind: Thing, name: raw2 }, { name: nobody, weight: 2 }]',
      ) +
      tcpRoute('none', '[{ name: edge, sectionName: none }]', '[{ name: nobody }]');
    const port1 = stand.echo('v1').port;
    const port2 = stand.echo('v2').port;
    await stand.set(
      policies,
      serviceAt('raw1', [port1], 'tcp'),
      serviceAt('raw2', [port2], 'tcp'),
      serviceAt('raw3', [stand.echo('web').port], 'tcp'),
    );
    const many = 200;
    for (const plane of stand.proxies) {
      const { kind } = plane;
      await listening(plane, port!, half!, none!, free!);
      const counted = async (at: number) => {
        const counts: Record<string, number> = {};
        const one = async () => {
          const found = await plane.enter(at, 'any').then(where, () => 'closed');
          counts[found] = (counts[found] ?? 0) + 1;
        };
        for (let sent = 0; sent < many; sent += 20)
          await Promise.all(Array.from({ length: 20 }, one));
        return counts;
      };
      const { v1 = 0, v2 = 0, ...others } = await counted(port!);
      assert.deepEqual(others, {}, kind);
      isShare(v1, many, 0.25, kind);
      assert.equal(v1 + v2, many, kind);
      const { v1: taken = 0, closed = 0, ...rest } = await counted(half!);
      assert.deepEqual(rest, {}, kind);
      assert.equal(taken + closed, many, kind);
      isShare(taken, many, 0.25, kind);
      await assert.rejects(plane.enter(none!, 'any'), kind);
      await assert.rejects(plane.enter(free!, 'any'), kind);
      assert.deepEqual(notDone(policies, kind), []);
    }
  });

  test('a route of connections inside the mesh is done by nobody, and it is said', () => {
    const route = tcpRoute(
      'raw',
      '[{ name: edge }, { group: "", kind: Service, name: raw1 }]',
      '[{ name: raw2 }]',
    );
    for (const kind of ['envoy', 'embedded'] as const)
      assert.deepEqual(notDone(route, kind), ['TCPRoute/raw: spec.parentRefs.1']);
  });
});
