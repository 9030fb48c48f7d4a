import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint } from '@meshkeeper/mesh';
import { isShare } from '../routes/shares.ts';
import { type Plane, Stand } from '../routes/stand.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { reach, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

/** Where an endpoint is, `eu/a/1`, and how it is when it is not well. */
type Place = string | readonly [place: string, facts: Partial<Endpoint>];

const UNFIT = { health: 'unhealthy' } as const;
const NOBODY = 'nobody';

function placed(place: Place): Partial<Endpoint> {
  const [at, facts] = typeof place === 'string' ? [place, {}] : place;
  const [region = '', zone = '', subzone = ''] = at.split('/');
  return { locality: { region, zone, subzone }, ...facts };
}

describe('where requests go, of a caller in eu/a/1', () => {
  const stand = new Stand({ locality: { region: 'eu', zone: 'a', subzone: '1' } });
  const fleet = new Fleet('grpc', 6);
  let services = 0;

  const serviceIn = (places: readonly Place[]) =>
    fleet.service(`placed-${services++}`, (at) => {
      const place = places[at];
      return place === undefined ? undefined : placed(place);
    });

  /** Shows who takes what, of so many requests. */
  async function counted(plane: Plane, service: ReturnType<typeof serviceIn>, count: number) {
    const counts = tally(await sendAll(plane, service, count));
    return fleet.names.slice(0, service.endpoints.length).map((name) => counts[name] ?? 0);
  }

  /** Asserts who takes requests, by their places in the list, and that nobody else does. */
  async function takenBy(
    locality: string,
    places: readonly Place[],
    takers: readonly number[],
    of = 'locality.mode',
    planes: readonly Plane[] = stand.planes,
  ): Promise<void> {
    const service = serviceIn(places);
    const policies = servicePolicy(service.name, locality);
    await stand.set(policies, service);
    await prove(planes, policies, field(of), async (plane) => {
      const names = takers.map((at) => fleet.names[at]!);
      if (names.length > 0) await reach(plane, service, names);
      const took = await sendAll(plane, service, 24);
      const seen = took.map((taker) => (/^(503|UNAVAILABLE)$/.test(taker) ? NOBODY : taker));
      const expected = names.length === 0 ? [NOBODY] : names;
      assert.deepEqual(Object.keys(tally(seen)).sort(), expected, `of ${locality}`);
    });
  }

  test('none: wherever they are', () =>
    takenBy('locality: { mode: none }', ['eu/a/1', 'eu/b', 'us/a'], [0, 1, 2]));

  test('weighted: by the weight of a place, whoever is there; nothing to others', async () => {
    const weights = '{ region: eu, zone: a, weight: 1 }, { region: us, weight: 3 }';
    const places = [
      ['eu/a', { weight: 100 }],
      ['eu/a', { weight: 300 }],
      'us/x',
      'us/y',
      'ap/a',
    ] as const;
    const service = serviceIn(places);
    const policies = servicePolicy(
      service.name,
      `locality: { mode: weighted, weights: [${weights}] }`,
    );
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('locality.mode'), async (plane) => {
      await reach(plane, service, fleet.names.slice(0, 4));
      const [one = 0, two = 0, three = 0, four = 0, other = 0] = await counted(plane, service, 600);
      isShare(one + two, 600, 1 / 4, 'eu/a');
      isShare(two, one + two, 3 / 4, 'within eu/a by weight');
      isShare(three + four, 600, 3 / 4, 'us');
      isShare(three, three + four, 1 / 2, 'within us by weight');
      assert.equal(other, 0);
    });
  });

  test('failover: first the zone, then the region, then anywhere', async () => {
    const failover = 'locality: { mode: failover }';
    await takenBy(failover, ['eu/a/1', 'eu/a/2', 'eu/b', 'us/a'], [0, 1]);
    await takenBy(failover, [['eu/a/1', UNFIT], 'eu/b', 'eu/c', 'us/a'], [1, 2]);
    await takenBy(failover, [['eu/a/1', UNFIT], ['eu/b', UNFIT], 'us/a', 'us/b'], [2, 3]);
    await takenBy(failover, ['us/a', 'ap/a'], [0, 1]);
  });

  test('failover, order: as it is stated; without anywhere others never take over', async () => {
    const order = 'locality: { mode: failover, order: [subzone, region] }';
    await takenBy(order, ['eu/a/1', 'eu/a/2', 'eu/b', 'us/a'], [0], 'locality.order');
    await takenBy(order, [['eu/a/1', UNFIT], 'eu/a/2', 'eu/b', 'us/a'], [1, 2], 'locality.order');
    await takenBy(order, ['us/a', 'us/b'], [], 'locality.order');
  });

  test('failover, regions: which region takes over from which', async () => {
    const regions = 'regions: [{ from: eu, to: [ap, us] }, { from: us, to: [eu] }]';
    const locality = `locality: { mode: failover, ${regions} }`;
    await takenBy(locality, ['sa/a', 'us/a', 'ap/a'], [2], 'locality.regions');
    await takenBy(locality, ['sa/a', 'us/a', ['ap/a', UNFIT]], [1], 'locality.regions');
    await takenBy(locality, ['sa/a'], [0], 'locality.regions');
  });

  test('failover, overprovisioning: what the first have not left for is taken by the next', async () => {
    const locality = 'locality: { mode: failover, overprovisioning: 120 }';
    const service = serviceIn(['eu/a', ['eu/a', UNFIT], 'eu/b', 'us/a']);
    const policies = servicePolicy(service.name, locality);
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('locality.overprovisioning'), async (plane) => {
      const [near = 0, , next = 0, far] = await counted(plane, service, 300);
      isShare(near, 300, 0.6, 'half of them are fit, for which 120 % makes 60 %');
      isShare(next, 300, 0.4, 'the rest');
      assert.equal(far, 0);
    });
  });

  test('priorities: the same for all callers, by place and by subset', async () => {
    const places = '{ region: us }, { zone: b }, { subset: spare }';
    const locality = `subsets: [{ name: spare, metadata: { kind: spare } }]
  locality: { mode: priorities, priorities: [${places}] }`;
    const spare = { metadata: { kind: 'spare' } };
    await takenBy(locality, ['eu/a/1', 'us/a', 'us/b', 'eu/b'], [1, 2]);
    await takenBy(locality, ['eu/a/1', ['us/a', UNFIT], 'eu/b', ['eu/a', spare]], [2]);
    await takenBy(locality, ['eu/a/1', ['us/a', UNFIT], ['eu/a', spare]], [2]);
    await takenBy(locality, ['eu/a/1', 'ap/a', ['us/a', UNFIT]], [0, 1]);
  });

  test('panicThreshold: with fewer fit ones all of them take requests', async () => {
    const places = ['eu/a', ['eu/a', UNFIT], ['eu/a', UNFIT]] as const;
    const panic = (percent: number) => `panicThreshold: ${percent}`;
    await takenBy(panic(50), places, [0, 1, 2], 'panicThreshold');
    const proxies = stand.proxies;
    await takenBy(panic(20), places, [0], 'panicThreshold', proxies);
    await takenBy('protocol: grpc', places, [0], 'panicThreshold');
  });

  test('zone-aware: the own zone, as far as every endpoint keeps the same load', async () => {
    const locality = (least: number) => `locality: { mode: zone-aware, minEndpoints: ${least} }`;
    const [near, far] = ['eu/a/1', 'eu/b/1'];
    const places = [near, near, near, far, far, far] as const;
    const service = serviceIn(places);
    const callers = { ...serviceIn([near, far]), name: 'test' };
    const policies = servicePolicy(service.name, locality(6));
    await stand.set(policies, service, callers);
    await prove(stand.planes, policies, field('locality.mode'), async (plane) => {
      const counts = await counted(plane, service, 60);
      assert.deepEqual(counts.slice(3), [0, 0, 0], 'half of the callers, half of the endpoints');
    });
    const few = servicePolicy(service.name, locality(7));
    await stand.set(few, service, callers);
    await prove(stand.proxies, few, field('locality.minEndpoints'), async (plane) => {
      await reach(plane, service, fleet.names);
    });
  });
});
