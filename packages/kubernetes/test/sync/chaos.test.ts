import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, RESOURCES } from '@meshkeeper/kubernetes';
import type { Service } from '@meshkeeper/mesh';
import { startKubernetes, until } from '@meshkeeper/testbed';
import { endpoint, expected, Published, rule, seen, service } from './fixture.ts';

const cluster = await startKubernetes({ namespaces: ['chaos', 'closed'] });
const client = await ApiClient.open({ kubeconfig: cluster.kubeconfig });
after(async () => {
  await client.close();
  await cluster.close();
});

const SERVICES = 8;
const ROUNDS = process.env.MESHKEEPER_SOAK === undefined ? 25 : 1_000;

/** Numbers below `n`, the same in each run. */
function dice(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function writes(): number {
  return ['create', 'update', 'patch', 'delete']
    .map((verb) => cluster.count({ verb }))
    .reduce((sum, each) => sum + each);
}

describe('whatever the API server does', () => {
  it('it has in the end what the mesh holds, and is then left alone', async () => {
    const roll = dice(7);
    await using published = new Published({
      client,
      rules: [rule('chaos')],
      allowMassDelete: true,
    });
    const held = new Map<string, Set<number>>();
    for (let i = 0; i < SERVICES; i++) held.set(`s${i}`, new Set([i]));
    const all = (): Service[] =>
      [...held].flatMap(([name, ids]) =>
        ids.size === 0 ? [] : [service(name, ...[...ids].map((n) => endpoint(n)))],
      );
    published.hold(...all());
    await published.applied();
    for (let round = 0; round < ROUNDS; round++) {
      const fault = roll(9);
      const resource = ['services', 'endpointslices'][roll(2)]!;
      const verb = ['create', 'update', 'delete', 'list', 'watch'][roll(5)]!;
      if (fault === 0) cluster.cutWatches();
      else if (fault === 1) cluster.expireWatches();
      else if (fault === 2) {
        cluster.compact();
        cluster.endWatches();
      } else if (fault === 3)
        cluster.inject({ verb, resource }, { type: 'fail', code: 500 }, { times: 3 });
      else if (fault === 4)
        cluster.inject(
          { verb, resource },
          { type: 'fail', code: 429, retryAfter: 0 },
          { times: 3 },
        );
      else if (fault === 5)
        cluster.inject(
          { verb: 'update', resource },
          { type: 'fail', code: 409, reason: 'Conflict' },
          { times: 5 },
        );
      else if (fault === 6) cluster.inject({ verb, resource }, { type: 'lose' }, { times: 2 });
      else if (fault === 7)
        cluster.inject({ verb: 'list' }, { type: 'delay', duration: 50 }, { times: 4 });
      for (let i = 0; i < 3; i++) {
        const ids = held.get(`s${roll(SERVICES)}`)!;
        const from = roll(40) * 10;
        if (roll(3) === 0) ids.clear();
        else for (let n = from; n < from + roll(60); n++) ids.has(n) ? ids.delete(n) : ids.add(n);
      }
      held.get('s0')!.add(1); // the mesh never holds nothing
      published.hold(...all());
      if (roll(2) === 0) await pause(roll(20));
    }
    cluster.calm();
    const wanted = expected(...all());
    await until(async () => {
      assert.deepEqual(await seen(client, 'chaos'), wanted);
      return true;
    });
    await published.applied();
    // Nothing is written by what comes again.
    const before = writes();
    cluster.expireWatches();
    cluster.cutWatches();
    published.hold(...all(), service('last', endpoint(9_999)));
    await until(async () => 'last' in (await seen(client, 'chaos')));
    await published.applied();
    assert.equal(writes() - before, 2, 'a Service and a slice');
  });

  it('what it forbids is not written, nor removed, and is said', async () => {
    await using published = new Published({ client, rules: [rule('closed')] });
    published.hold(service('a', endpoint(1)), service('b', endpoint(2)));
    await published.applied();
    const names = async () => {
      const { items } = await client.list(RESOURCES.services, { namespace: 'closed' });
      return items.map(({ metadata }) => metadata.name);
    };
    const match = { resource: 'endpointslices', namespace: 'closed' };
    const forbidden = { type: 'fail', code: 403, reason: 'Forbidden' } as const;
    const faults = ['list', 'watch'].map((verb) => cluster.inject({ ...match, verb }, forbidden));
    cluster.cutWatches();
    await until(() => published.plane.state.type === 'failing');
    published.hold(service('b', endpoint(2)), service('c', endpoint(3)));
    await until(async () => (await names()).includes('c'));
    assert.ok((await names()).includes('a'), 'what is there is not known well enough');
    for (const fault of faults) fault[Symbol.dispose]();
    await until(async () => !(await names()).includes('a'));
  });
});
