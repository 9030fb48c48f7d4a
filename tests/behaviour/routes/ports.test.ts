import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceAt } from '../stage/services.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers, where, whither } from './tables.ts';
import { httpRoute, policy } from './written.ts';

describe('ports that speak something of their own', () => {
  const stand = new Stand();
  const http = () => stand.echo('v1').port;
  const grpc = () => stand.echo('rpc1').port;
  const ports = (list: string) =>
    policy('ServicePolicy', 'mixed', `  targetRefs: [{ name: mixed }]\n  ports: ${list}`);

  test('are reached under the names of the service with the port, the others under any', async () => {
    const policies = ports(`[{ port: ${grpc()}, protocol: grpc }]`);
    await stand.set(policies, serviceAt('mixed', [http(), grpc()]));
    for (const plane of stand.proxies) {
      for (const host of ['mixed', 'mixed.mesh', `mixed:${http()}`, 'mixed:1'])
        await answers(
          plane,
          host,
          where,
          Array.from({ length: 6 }, () => ['/', 'v1'] as const),
        );
      assert.equal(whither(await plane.call(`mixed.mesh:${grpc()}`)), 'rpc1', plane.kind);
    }
    for (const plane of stand.planes) {
      for (let i = 0; i < 4; i++)
        assert.equal(whither(await plane.call(`mixed:${grpc()}`)), 'rpc1', plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('that speak what the service does are as all others', async () => {
    await stand.set(
      ports(`[{ port: ${http()}, protocol: http }]`),
      serviceAt('mixed', [http(), stand.echo('v2').port]),
    );
    for (const plane of stand.proxies) {
      const seen = new Set<string | number>();
      for (let i = 0; i < 40 && seen.size < 2; i++) seen.add(where(await plane.ask('mixed')));
      assert.deepEqual([...seen].sort(), ['v1', 'v2'], plane.kind);
    }
  });

  test('of a service of something else: the policy says what it speaks, and what its ports do', async () => {
    const policies =
      policy(
        'ServicePolicy',
        'mixed',
        `  targetRefs: [{ name: mixed }]\n  protocol: grpc\n  ports: [{ port: ${http()}, protocol: http }]`,
      ) + httpRoute('web', '    - backendRefs: [{ name: mixed }]');
    await stand.set(policies, serviceAt('mixed', [http(), grpc()], 'tcp'));
    for (const plane of stand.planes) {
      for (let i = 0; i < 4; i++)
        assert.equal(whither(await plane.call('mixed')), 'rpc1', plane.kind);
      if (plane.kind === 'grpc') continue;
      await answers(plane, `mixed:${http()}`, where, [
        ['/', 'v1'],
        ['/', 'v1'],
      ]);
    }
  });

  test('do not stand in the way of a service that is called so', async () => {
    const name = `mixed:${grpc()}`;
    await stand.set(
      ports(`[{ port: ${grpc()}, protocol: grpc }]`),
      serviceAt('mixed', [http(), grpc()]),
      serviceAt(name, [stand.echo('rpc2').port], 'grpc'),
    );
    for (const plane of stand.planes)
      assert.equal(whither(await plane.call(name)), 'rpc2', plane.kind);
    for (const plane of stand.proxies)
      assert.equal(whither(await plane.call(`mixed.mesh:${grpc()}`)), 'rpc1', plane.kind);
  });

  test('that speak nothing of HTTP are not reached by host names', async () => {
    await stand.set(
      ports(`[{ port: ${grpc()}, protocol: tcp }]`),
      serviceAt('mixed', [http(), grpc()]),
    );
    // Under any port, the ordinary endpoints.
    for (const plane of stand.proxies)
      await answers(plane, `mixed:${grpc()}`, where, [
        ['/', 'v1'],
        ['/', 'v1'],
      ]);
  });
});
