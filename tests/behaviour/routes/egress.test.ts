import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../stage/ask.ts';
import { DATA_PLANES } from '../stage/data-planes.ts';
import { serviceAt } from '../stage/services.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers, where, whither } from './tables.ts';
import { httpRoute, policy } from './written.ts';

const egress = (names: string) =>
  policy('ServicePolicy', 'caller', `  targetRefs: [{ name: caller }]\n  egress: ${names}`);

describe('what a sidecar is told of', () => {
  const stand = new Stand({ service: 'caller' });
  const caller = serviceAt('caller', []);
  /** The clusters that each data plane is served. */
  const clusters = () =>
    stand.mesh.server.proxies().map(({ id, stream }) => {
      const { resources = [] } = stand.mesh.server.resources(stream) ?? {};
      const served = resources.filter(({ served: one }) => one !== undefined);
      return [
        id,
        served
          .filter(({ typeUrl }) => typeUrl.endsWith('.Cluster'))
          .map(({ name }) => name)
          .sort(),
      ] as const;
    });

  test('all, where nobody says what it may call', async () => {
    await stand.set('', caller);
    for (const plane of stand.proxies)
      for (const name of ['web', 'v1', 'v2']) await answers(plane, name, where, [['/', name]]);
    for (const plane of stand.planes)
      assert.equal(whither(await plane.call('rpc')), 'rpc', plane.kind);
  });

  test('else what it may call, by names and patterns; the rest is not there for it', async () => {
    const policies =
      egress('[v1, "rpc*", web]') +
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /seen } }]
      backendRefs: [{ name: v1 }]
    - backendRefs: [{ name: v2 }]`,
      );
    await stand.set(policies, caller);
    for (const plane of stand.proxies) {
      await answers(plane, 'v1', where, [['/', 'v1']]);
      await answers(plane, 'v2', where, [['/', 404]]);
      // A route does not lead there either.
      await answers(plane, 'web', where, [
        ['/seen', 'v1'],
        ['/', 500],
      ]);
    }
    for (const plane of stand.planes) {
      assert.equal(whither(await plane.call('rpc2')), 'rpc2', plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
    for (const [id, names] of clusters())
      if (id !== 'grpc')
        assert.deepEqual(
          names.filter((name) => !name.startsWith('meshkeeper.')),
          ['rpc', 'rpc1', 'rpc2', 'v1', 'web'],
          id,
        );
  });

  test('of calls: who may not be called is not known', async () => {
    await stand.set(egress('[rpc1]'), caller);
    for (const plane of stand.planes) {
      assert.equal(whither(await plane.call('rpc1')), 'rpc1', plane.kind);
      const hidden = whither(await plane.call('rpc2', { deadline: 2_000 }));
      assert.equal(hidden, plane.kind === 'grpc' ? 'UNAVAILABLE' : 'UNIMPLEMENTED', plane.kind);
    }
  });

  test('others are told of all; when nobody says it any more it is told of all, too', async () => {
    await stand.set(egress('[v1]'), caller);
    const { xds } = stand.mesh;
    await using other = await DATA_PLANES['the embedded proxy']({ xds, service: 'other' });
    assert.equal(where(await ask(other.outbound!, 'v2')), 'v2');
    for (const plane of stand.proxies) await answers(plane, 'v2', where, [['/', 404]]);
    await stand.set('', caller);
    for (const plane of stand.proxies) await answers(plane, 'v2', where, [['/', 'v2']]);
    for (const plane of stand.planes)
      assert.equal(whither(await plane.call('rpc2')), 'rpc2', plane.kind);
  });
});
