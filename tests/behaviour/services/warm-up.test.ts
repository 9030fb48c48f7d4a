import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { reach, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

/** Milliseconds; a request takes about one. */
const WINDOW = 2500;
/** Of which the new one would take a half. */
const SENT = 40;

describe('who is new takes less', () => {
  const stand = new Stand();
  const calls = new Fleet('grpc', 2);
  const [, late] = calls.names;
  const one = (at: number) => (at === 0 ? {} : undefined);

  test('at first, and its share grows; with aggression faster; with a least share', async () => {
    const spec = (more: string) => `warmUp: { duration: ${WINDOW}ms, ${more} }`;
    const policies = [
      servicePolicy('slow', spec('minWeightPercent: 1')),
      servicePolicy('fast', spec('minWeightPercent: 1, aggression: 50')).replace(
        'name: a',
        'name: b',
      ),
      servicePolicy('least', spec('minWeightPercent: 90')).replace('name: a', 'name: c'),
      servicePolicy(
        'other',
        `loadBalancing: { type: least-request }\n  ${spec('minWeightPercent: 1')}`,
      ).replace('name: a', 'name: d'),
    ].join('');
    const names = ['slow', 'fast', 'least', 'other'];
    /** False when looking took so long that who was new is not: that says nothing. */
    const look = async (plane: (typeof stand.planes)[number]) => {
      const begin = performance.now();
      const share = async (name: string) => {
        const counts = tally(await sendAll(plane, calls.service(name), SENT));
        return counts[late!] ?? 0;
      };
      const said = notDone(policies, plane.kind).filter((each) => each.endsWith('.warmUp'));
      assert.equal(said.length, plane.kind === 'grpc' ? names.length : 0, plane.kind);
      if (plane.kind === 'grpc') {
        await reach(plane, calls.service('slow'), calls.names);
        assert.equal(await share('slow'), SENT / 2, 'takes turns from the first on');
        return true;
      }
      const [slow, other, fast, least] = await Promise.all(
        ['slow', 'other', 'fast', 'least'].map(share),
      );
      const age = performance.now() - begin;
      if (age > WINDOW / 2) return false;
      const told = `${plane.kind}: ${slow}, ${other}, ${fast}, ${least} after ${age}`;
      assert(slow! < fast! && other! < fast!, told);
      assert(least! >= SENT * 0.4, told);
      await until(async () => (await share('slow')) >= SENT / 2 - 2, { timeout: 10_000 });
      assert(performance.now() - begin >= WINDOW / 2, `${plane.kind} is warm too soon`);
      return true;
    };
    let looked: readonly boolean[];
    do {
      await stand.set(policies, ...names.map((name) => calls.service(name, one)));
      const known = performance.now();
      // Who was there before is warm by then.
      await until(() => performance.now() - known > WINDOW);
      await stand.set(policies, ...names.map((name) => calls.service(name)));
      looked = await Promise.all(stand.planes.map(look));
    } while (looked.includes(false));
  });

  test('nobody does where weights do not count, and it is said', () => {
    for (const type of ['random', 'maglev, hash: [{ on: header, name: x }]']) {
      const policies = servicePolicy(
        'none',
        `loadBalancing: { type: ${type} }\n  warmUp: { duration: 10m }`,
      );
      for (const { kind } of stand.proxies)
        assert.deepEqual(notDone(policies, kind), [field('warmUp')]);
    }
  });
});
