import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Plane, Stand } from '../routes/stand.ts';
import { Fleet } from './fleet.ts';
import { eventually, reach, send, sendAll, tally } from './sending.ts';
import { servicePolicy } from './written.ts';

const NOBODY = /^(404|503|UNAVAILABLE|UNIMPLEMENTED)$/;

describe('a service that comes and goes', () => {
  const stand = new Stand();
  const fleet = new Fleet('grpc', 3);
  const [first, second] = fleet.names;
  const name = 'comet';
  const policies = servicePolicy(name, 'loadBalancing: { type: round-robin }');

  const answered = (plane: Plane, takers: readonly string[]) =>
    eventually(async () => {
      const took = tally(await sendAll(plane, { name, protocol: 'grpc' }, 9));
      assert.deepEqual(Object.keys(took).sort(), takers, plane.kind);
    });

  test('is called while it is there, and again when it is back', async () => {
    for (let round = 0; round < 3; round++) {
      await stand.set(policies, fleet.service(name));
      for (const plane of stand.planes) await answered(plane, fleet.names);
      await stand.set('');
      for (const plane of stand.planes)
        await eventually(async () =>
          assert.match(await send(plane, { name, protocol: 'grpc' }), NOBODY, plane.kind),
        );
    }
  });

  test('so do its endpoints: of those that are told, all are called and no others', async () => {
    await stand.set(policies, fleet.service(name));
    for (const plane of stand.planes) await reach(plane, fleet.service(name), fleet.names);
    for (const left of [[first!, second!], [second!], [], [first!], fleet.names]) {
      const now = fleet.service(name, (at) => (left.includes(fleet.names[at]!) ? {} : undefined));
      await stand.set(policies, now);
      for (const plane of stand.planes)
        if (left.length > 0) await answered(plane, left);
        else
          await eventually(async () =>
            assert.match(await send(plane, { name, protocol: 'grpc' }), NOBODY, plane.kind),
          );
    }
  });

  test('an endpoint that drains or is not well takes nothing, an unknown one does', async () => {
    for (const [health, takers] of [
      ['draining', [second!, fleet.names[2]!]],
      ['unhealthy', [second!, fleet.names[2]!]],
      ['unknown', fleet.names],
    ] as const) {
      await stand.set(
        policies,
        fleet.service(name, (at) => (at === 0 ? { health } : {})),
      );
      for (const plane of stand.planes) await answered(plane, takers);
    }
  });
});
