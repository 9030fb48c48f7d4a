import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePorts } from '@meshkeeper/testbed';
import { listening, Stand } from './stand.ts';

describe('gateways at one port', () => {
  const stand = new Stand({ planes: ['envoy', 'embedded'] });

  const named = (name: string, port: number, backend: string, host?: string) => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec:
  listeners: [{ name: web, port: ${port}, protocol: HTTP${host ? `, hostname: "${host}"` : ''} }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: of-${name} }
spec:
  parentRefs: [{ name: ${name} }]
  rules: [{ backendRefs: [{ name: ${backend} }] }]
`;

  test('one that is called otherwise goes on, with its own routes', async () => {
    const [port, other] = (await freePorts(2)) as [number, number];
    for (const [name, at, backend] of [
      ['first', port, 'v1'],
      ['second', port, 'v2'],
      ['second', other, 'v2'],
      ['first', other, 'v1'],
      ['first', port, 'v1'],
    ] as const) {
      await stand.set(named(name, at, backend));
      for (const plane of stand.planes) {
        await listening(plane, at);
        const { asked } = await plane.enter(at, 'shop.example');
        assert.equal(asked?.at, backend, `${plane.kind}: ${name} at ${at}`);
      }
    }
  });

  test('several share it by host names', async () => {
    const [port] = (await freePorts(1)) as [number];
    await stand.set(
      named('first', port, 'v1', 'one.example') + named('second', port, 'v2', '*.two.example'),
    );
    for (const plane of stand.planes) {
      await listening(plane, port);
      for (const [host, backend] of [
        ['one.example', 'v1'],
        ['a.two.example', 'v2'],
        ['three.example', undefined],
      ] as const) {
        const { asked, status } = await plane.enter(port, host);
        assert.deepEqual([asked?.at, status], [backend, backend ? 200 : 404], plane.kind);
      }
    }
  });

  test('one takes the place of what is there without any, and gives it back', async () => {
    for (const plane of stand.planes) {
      const { port } = plane.port.gateway!;
      for (let round = 0; round < 2; round++) {
        await stand.set('');
        assert.equal((await plane.enter(port, 'v2')).asked?.at, 'v2', plane.kind);
        await stand.set(named('first', port, 'v1'));
        assert.equal((await plane.enter(port, 'shop.example')).asked?.at, 'v1', plane.kind);
      }
    }
  });
});
