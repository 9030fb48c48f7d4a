import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Stand } from '../routes/stand.ts';
import { httpRoute } from '../routes/written.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { eventually, reach, send, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const NOBODY = /^(503|UNAVAILABLE)$/;

describe('parts of a service', () => {
  const stand = new Stand();
  const rpc = new Fleet('grpc', 4);
  const [first, second, third, fourth] = rpc.names;
  const version = (of: string) => ({ metadata: { version: of, lane: 'main' } });
  const versions = ['v1', 'v1', 'v2', 'v2'];

  /** All requests of a service go to a part of it. */
  const toPart = (service: string, part: string) => `
${httpRoute(
  'to-part',
  `
    - backendRefs: [{ group: meshkeeper.io, kind: Subset, name: ${service}/${part} }]`,
  service,
)}`;

  test('subsets, metadata: those that have all of it', async () => {
    const service = rpc.service('by-metadata', (at) => version(versions[at]!));
    const subsets = 'subsets: [{ name: two, metadata: { version: v2, lane: main } }]';
    const policies = servicePolicy(service.name, subsets) + toPart(service.name, 'two');
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('subsets.0'), async (plane) => {
      await reach(plane, service, [third!, fourth!]);
      const counts = tally(await sendAll(plane, service, 20));
      assert.deepEqual(Object.keys(counts).sort(), [third, fourth]);
    });
  });

  test('subsets, endpoints: leader', async () => {
    const service = rpc.service('to-leader', (at) => (at === 1 ? { role: 'leader' } : {}));
    const subsets = 'subsets: [{ name: boss, endpoints: leader }]';
    const policies = servicePolicy(service.name, subsets) + toPart(service.name, 'boss');
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('subsets.0.endpoints'), async (plane) => {
      assert.deepEqual(tally(await sendAll(plane, service, 12)), { [second!]: 12 });
    });
  });

  for (const [fallback, takers] of [
    ['none', NOBODY],
    ['all', /^grpc[0-3]$/],
  ] as const)
    test(`subsets, fallback: ${fallback}, while nobody is in it`, async () => {
      const service = rpc.service(`without-${fallback}`, () => version('v1'));
      const subsets = `subsets: [{ name: two, metadata: { version: v2 }, fallback: ${fallback} }]`;
      const policies = servicePolicy(service.name, subsets) + toPart(service.name, 'two');
      await stand.set(policies, service);
      await prove(stand.planes, policies, field('subsets.0.fallback'), async (plane) => {
        assert.match(await send(plane, service), takers);
      });
      const found = rpc.service(service.name, (at) => version(at === 2 ? 'v2' : 'v1'));
      await stand.set(policies, found);
      for (const plane of stand.planes)
        await eventually(async () => {
          assert.deepEqual(tally(await sendAll(plane, service, 8)), { [third!]: 8 });
        });
    });

  test('endpoints: leader, and nobody while there is none', async () => {
    const led = (by: number | undefined) =>
      rpc.service('led', (at) => (at === by ? { role: 'leader' } : {}));
    const policies = servicePolicy('led', 'endpoints: leader');
    await stand.set(policies, led(0));
    await prove(stand.planes, policies, field('endpoints'), async (plane) => {
      assert.deepEqual(tally(await sendAll(plane, led(0), 12)), { [first!]: 12 });
    });
    for (const [leader, taken] of [
      [3, fourth],
      [undefined, undefined],
      [1, second],
    ] as const) {
      await stand.set(policies, led(leader));
      for (const plane of stand.planes)
        await eventually(async () => {
          const took = await send(plane, led(leader));
          if (taken === undefined) assert.match(took, NOBODY);
          else assert.equal(took, taken);
        });
    }
  });

  test('protocol: goes before what the registry says', async () => {
    const service = rpc.service('said-to-be-http', undefined, { protocol: 'http' });
    const policies = servicePolicy(service.name, 'protocol: grpc');
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('protocol'), async (plane) => {
      const takers = await sendAll(plane, { ...service, protocol: 'grpc' }, 8);
      for (const taker of takers) assert.match(taker, /^grpc/);
    });
  });
});
