import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Plane, Stand } from '../routes/stand.ts';
import { policy } from '../routes/written.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { eventually, reach, sendAll, tally } from './sending.ts';

/** Milliseconds. */
const DURATION = 2_500;
const COUNT = 40;
const WARM_UP = `warmUp: { duration: ${DURATION}ms`;

/** What policies of a service say, by its name. */
const SPECS = {
  'by-weight': `${WARM_UP} }`,
  'by-load': `loadBalancing: { type: least-request }\n  ${WARM_UP} }`,
  lukewarm: `${WARM_UP}, minWeightPercent: 50 }`,
  fast: `${WARM_UP}, aggression: 100 }`,
  cold: 'protocol: grpc',
};
type Name = keyof typeof SPECS;
// They are its own keys.
const NAMES = Object.keys(SPECS) as Name[];

describe('an endpoint that is new', () => {
  const stand = new Stand();
  const fleet = new Fleet('grpc', 2);
  const [old, fresh] = fleet.names;
  const policies = NAMES.map((name) =>
    policy('ServicePolicy', name, `  targetRefs: [{ name: ${name} }]\n  ${SPECS[name]}`),
  ).join('');
  /** Of the first requests, how many went to the new one of two, by data plane and service. */
  const shares = new Map<string, number>();
  const shareOf = ({ kind }: Plane, name: Name) => shares.get(`${kind} ${name}`)!;

  before(async () => {
    const alone = (at: number) => (at === 0 ? {} : undefined);
    await stand.set(policies, ...NAMES.map((name) => fleet.service(name, alone)));
    const all = stand.planes.flatMap((plane) =>
      NAMES.map((name) => ({ plane, service: fleet.service(name) })),
    );
    await Promise.all(all.map(({ plane, service }) => reach(plane, service, [old!])));
    const begin = performance.now();
    // That the first is warm by then is what time does.
    while (performance.now() - begin < DURATION)
      await Promise.all(all.map(({ plane, service }) => sendAll(plane, service, 1)));
    await stand.set(policies, ...NAMES.map((name) => fleet.service(name)));
    await Promise.all(
      all.map(async ({ plane, service }) => {
        if (plane.kind === 'grpc') await reach(plane, service, fleet.names);
        const counts = tally(await sendAll(plane, service, COUNT));
        shares.set(`${plane.kind} ${service.name}`, counts[fresh!] ?? 0);
      }),
    );
  });

  for (const name of ['by-weight', 'by-load'] as const)
    test(`warmUp, duration: takes little at first, its full share in the end, ${name}`, async () => {
      const of = `ServicePolicy/${name}: spec.warmUp`;
      await prove(stand.planes, policies, of, async (plane) => {
        const share = shareOf(plane, name);
        assert(share < COUNT / 4, `${share} of ${COUNT}`);
      });
      for (const plane of stand.planes)
        await eventually(async () => {
          const counts = tally(await sendAll(plane, fleet.service(name), COUNT));
          assert((counts[fresh!] ?? 0) > COUNT * 0.3, `${plane.kind}: ${counts[fresh!]}`);
        });
    });

  test('warmUp, minWeightPercent: the least that it takes', () => {
    for (const plane of stand.proxies) {
      const share = shareOf(plane, 'lukewarm');
      assert(share >= COUNT / 5 && share < COUNT * 0.45, `${plane.kind}: ${share} of ${COUNT}`);
      assert(share > shareOf(plane, 'by-weight'), `${plane.kind}: more than by default`);
    }
  });

  test('warmUp, aggression: grows fast at first', () => {
    for (const plane of stand.proxies) {
      const share = shareOf(plane, 'fast');
      assert(share > COUNT * 0.4, `${plane.kind}: ${share} of ${COUNT}`);
    }
  });

  test('without warmUp takes its full share at once', () => {
    for (const plane of stand.planes) {
      const share = shareOf(plane, 'cold');
      assert(share > COUNT * 0.25, `${plane.kind}: ${share} of ${COUNT}`);
    }
  });
});
