import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isShare } from '../routes/shares.ts';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { occupy, reach, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const TYPE = field('loadBalancing.type');

describe('how an endpoint is chosen', () => {
  const stand = new Stand();
  const fleet = new Fleet('grpc', 4);
  const [slow] = fleet.instances;
  const weights = [100, 200, 500, 0];
  const weighted = (at: number) => ({ weight: weights[at]! });

  test('random: each with the same probability, also the same again', async () => {
    const policies = servicePolicy('random', 'loadBalancing: { type: random }');
    const service = fleet.service('random');
    await stand.set(policies, service);
    await prove(stand.planes, policies, TYPE, async (plane) => {
      await reach(plane, service, fleet.names);
      const takers = await sendAll(plane, service, 400);
      const counts = tally(takers);
      for (const name of fleet.names) isShare(counts[name] ?? 0, 400, 1 / 4, name);
      const again = takers.filter((taker, i) => taker === takers[i - 1]).length;
      isShare(again, 399, 1 / 4, 'the same again');
    });
  });

  test('round-robin: one after the other, whatever their weights, but for none', async () => {
    const policies = servicePolicy('round', 'loadBalancing: { type: round-robin }');
    const service = fleet.service('round', weighted);
    await stand.set(policies, service);
    const taking = fleet.names.slice(0, 3);
    await prove(stand.planes, policies, TYPE, async (plane) => {
      await reach(plane, service, taking);
      const takers = await sendAll(plane, service, 60);
      for (let i = 3; i < takers.length; i++)
        assert.equal(takers[i], takers[i - 3], `${takers.join()} takes turns`);
      assert.deepEqual(Object.keys(tally(takers)).sort(), taking);
    });
  });

  test('weighted-round-robin: by the weights of the registry', async () => {
    const policies = servicePolicy('weighted', 'loadBalancing: { type: weighted-round-robin }');
    const service = fleet.service('weighted', weighted);
    await stand.set(policies, service);
    await prove(stand.planes, policies, TYPE, async (plane) => {
      await reach(plane, service, fleet.names.slice(0, 3));
      const counts = tally(await sendAll(plane, service, 400));
      weights.forEach((weight, at) => {
        const name = fleet.names[at]!;
        isShare(counts[name] ?? 0, 400, weight / 800, name);
      });
    });
  });

  test('without a policy: by the weights of the registry', async () => {
    const service = fleet.service('stated-by-nobody', weighted);
    await stand.set('', service);
    await prove(stand.planes, '', TYPE, async (plane) => {
      await reach(plane, service, fleet.names.slice(0, 3));
      const counts = tally(await sendAll(plane, service, 400));
      isShare(counts[fleet.names[2]!] ?? 0, 400, 5 / 8, 'the heaviest');
    });
  });

  test('least-request: not who has more requests under way than the others', async () => {
    const policies = servicePolicy('least', 'loadBalancing: { type: least-request, choices: 20 }');
    const service = fleet.service('least');
    await stand.set(policies, service);
    await prove(stand.planes, policies, TYPE, async (plane) => {
      await reach(plane, service, fleet.names);
      const release = await occupy(plane, service, slow!);
      const counts = tally(await sendAll(plane, service, 60));
      await release();
      assert.equal(counts[slow!.name], undefined, JSON.stringify(counts));
    });
  });

  test('least-request, bias: nothing is made of what is under way', async () => {
    const policies = servicePolicy(
      'biased',
      'loadBalancing: { type: least-request, choices: 20, bias: 0 }',
    );
    const service = fleet.service('biased', (at) => (at < 2 ? weighted(at) : undefined));
    await stand.set(policies, service);
    await prove(stand.proxies, policies, TYPE, async (plane) => {
      const release = await occupy(plane, service, slow!, 3);
      const counts = tally(await sendAll(plane, service, 90));
      await release();
      isShare(counts[slow!.name] ?? 0, 90, 1 / 3, 'who has some under way');
    });
  });

  test('peak-ewma: who answers soonest; elsewhere its fallback', async () => {
    const policies = servicePolicy(
      'soonest',
      'loadBalancing: { type: peak-ewma, choices: 20, fallback: round-robin }',
    );
    const service = fleet.service('soonest');
    await stand.set(policies, service);
    await prove(stand.planes, policies, TYPE, async (plane) => {
      await reach(plane, service, fleet.names);
      slow!.answer = async () => {
        await delay(30);
        return {};
      };
      await sendAll(plane, service, 8);
      const counts = tally(await sendAll(plane, service, 40));
      const share = counts[slow!.name] ?? 0;
      slow!.answer = () => ({});
      if (plane.kind === 'embedded') assert(share <= 2, `${share} of 40 to who is slow`);
      else assert.equal(share, 10, 'all take turns');
    });
  });

  for (const fallback of ['random', 'least-request'])
    test(`peak-ewma, fallback: ${fallback}, which gRPC's client has not`, () => {
      const policies = servicePolicy(
        'x',
        `loadBalancing: { type: peak-ewma, fallback: ${fallback} }`,
      );
      const said = stand.planes.map(({ kind }) => notDone(policies, kind));
      assert.deepEqual(said, [[], [], [field('loadBalancing.fallback')]]);
    });
});
