import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '@meshkeeper/mesh';
import { type Plane, Stand } from '../routes/stand.ts';
import { ask } from '../stage/ask.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { occupy, reach, send, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const KEYS = 60;
const ALGORITHMS = {
  'ring-hash': 'minSize: 4096',
  maglev: 'tableSize: 4099',
};

describe('who is chosen by hash', () => {
  const stand = new Stand();
  const rpc = new Fleet('grpc', 5);
  const web = new Fleet('http', 5);

  for (const [type, size] of Object.entries(ALGORITHMS)) {
    const hashed = (service: string, on: string, more = size) =>
      servicePolicy(service, `loadBalancing: { type: ${type}, hash: [${on}], ${more} }`);

    test(`${type} on a header: stays, and moves little when an endpoint goes or comes`, async () => {
      const service = rpc.service(`${type}-header`);
      const policies = hashed(service.name, '{ on: header, name: X-User }');
      await stand.set(policies, service);
      await prove(stand.planes, policies, field('loadBalancing.type'), async (plane) => {
        await stand.set(policies, service);
        await spreadOut(plane, service);
        const before = await owners(plane, service);
        assert.deepEqual(await owners(plane, service), before, 'the same keys go the same way');
        assert.deepEqual(Object.keys(tally(before)).sort(), rpc.names);
        const [gone, ...left] = rpc.names;
        await stand.set(
          policies,
          rpc.service(service.name, (at) => (at === 0 ? undefined : {})),
        );
        const without = await settled(plane, service, (takers) => !takers.includes(gone!));
        const moved = before.filter((owner, key) => owner !== gone && owner !== without[key]);
        assert(moved.length <= KEYS / 5, `${moved.length} of ${KEYS} moved from those that stayed`);
        assert.deepEqual(Object.keys(tally(without)).sort(), left);
        await stand.set(policies, service);
        assert.deepEqual(await settled(plane, service, sameAs(before)), before);
      });
    });

    test(`${type} on a query parameter`, async () => {
      const service = web.service(`${type}-query`);
      const policies = hashed(service.name, '{ on: query, name: user }');
      await stand.set(policies, service);
      await prove(stand.proxies, policies, field('loadBalancing.hash.0'), async (plane) => {
        const path = (at: number) => ({ path: `/x?a=${at % 7}&user=u${at % 20}` });
        const takers = await sendAll(plane, service, 60, path);
        for (let at = 20; at < 60; at++) assert.equal(takers[at], takers[at - 20]);
        assert(Object.keys(tally(takers)).length > 2, 'keys are spread');
      });
    });

    test(`${type} on a cookie, which callers without it are given`, async () => {
      const service = web.service(`${type}-cookie`);
      const policies = hashed(service.name, '{ on: cookie, name: seat, ttl: 1h, path: /shop }');
      await stand.set(policies, service);
      await prove(stand.proxies, policies, field('loadBalancing.hash.0'), async (plane) => {
        const first = await plane.ask(service.name);
        const given = first.headers['set-cookie'] ?? '';
        assert.match(given, /^seat="?[^;"]+"?; .*Max-Age=3600/i);
        assert.match(given, /Path=\/shop/i);
        assert.match(given, /HttpOnly/i);
        const headers = { cookie: `other=1; ${given.split(';')[0]}` };
        for (let i = 0; i < 10; i++) {
          const { headers: got } = await plane.ask(service.name, { headers });
          assert.equal(got['x-from'], first.headers['x-from']);
          assert.equal(got['set-cookie'], undefined, 'who has it keeps it');
        }
        const others = await sendAll(plane, service, 30);
        assert(Object.keys(tally(others)).length > 2, 'each newcomer has one of its own');
      });
    });

    test(`${type} on a cookie without ttl: none is given`, async () => {
      const service = web.service(`${type}-own-cookie`);
      const policies = hashed(service.name, '{ on: cookie, name: seat }');
      await stand.set(policies, service);
      await prove(stand.proxies, policies, field('loadBalancing.hash.0'), async (plane) => {
        const { headers } = await plane.ask(service.name);
        assert.equal(headers['set-cookie'], undefined);
        const seats = (at: number) => ({ headers: { cookie: `seat=s${at % 20}` } });
        const takers = await sendAll(plane, service, 40, seats);
        assert.deepEqual(takers.slice(20), takers.slice(0, 20));
        assert(Object.keys(tally(takers)).length > 2, 'keys are spread');
      });
    });

    test(`${type} on the source address`, async () => {
      const service = web.service(`${type}-source`);
      const policies = hashed(service.name, '{ on: source-address }');
      await stand.set(policies, service);
      await prove(stand.proxies, policies, field('loadBalancing.hash.0'), async (plane) => {
        const takers: (string | undefined)[] = [];
        for (let at = 0; at < 60; at++) {
          const way = { localAddress: `127.0.7.${(at % 20) + 1}` };
          const { headers } = await ask(plane.port.outbound!, service.name, {}, way);
          takers.push(headers['x-from']);
        }
        for (let at = 20; at < 60; at++) assert.equal(takers[at], takers[at - 20]);
        assert(new Set(takers).size > 2, 'addresses are spread');
      });
    });

    test(`${type}, hash: the first that a request has counts`, async () => {
      const service = web.service(`${type}-several`);
      const policies = hashed(
        service.name,
        '{ on: header, name: x-user }, { on: query, name: user }',
      );
      await stand.set(policies, service);
      for (const plane of stand.proxies) {
        const both = (at: number) => ({
          headers: { 'x-user': 'one' },
          path: `/?user=${at}`,
        });
        assert.equal(new Set(await sendAll(plane, service, 20, both)).size, 1);
        const second = (at: number) => ({ path: `/?user=${at % 10}` });
        const takers = await sendAll(plane, service, 20, second);
        assert.deepEqual(takers.slice(10), takers.slice(0, 10));
        assert(new Set(takers).size > 2, 'the second counts where there is no first');
        const none = await sendAll(plane, service, 40);
        assert(new Set(none).size > 2, 'requests without a key go anywhere');
      }
    });

    test(`${type}, balanceFactor: nobody takes more than its share of what is under way`, async () => {
      const service = rpc.service(`${type}-bounded`);
      const on = '{ on: header, name: x-user }';
      const policies = hashed(service.name, on, `${size}, balanceFactor: 150`);
      await stand.set(policies, service);
      // Who has no such table bounds nothing either.
      const planes = type === 'maglev' ? stand.proxies : stand.planes;
      await prove(planes, policies, field('loadBalancing.balanceFactor'), async (plane) => {
        await spreadOut(plane, service);
        const sent = { headers: { 'x-user': 'one' } };
        const owner = await send(plane, service, sent);
        const instance = rpc.instances.find(({ name }) => name === owner)!;
        const release = await occupy(plane, service, instance, 2);
        const other = await send(plane, service, sent);
        await release();
        assert.notEqual(other, owner, 'it has more than its share');
        assert.equal(await send(plane, service, sent), owner, 'it has not any more');
      });
    });
  }
});

/** Of an unbounded service each key has an owner; so many requests without one reach all. */
function spreadOut(plane: Plane, service: Service): Promise<void> {
  return reach(
    plane,
    service,
    service.endpoints.map(({ id }) => id),
  );
}

/** Who takes each key. */
function owners(plane: Plane, service: Service): Promise<string[]> {
  return sendAll(plane, service, KEYS, (at) => ({ headers: { 'x-user': `user-${at}` } }));
}

/** The owners once they are as they should be: what gRPC was told it does a moment later. */
async function settled(
  plane: Plane,
  service: Service,
  isSettled: (takers: readonly string[]) => boolean,
): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const takers = await owners(plane, service);
    if (isSettled(takers) || tries === 50) return takers;
  }
}

function sameAs(expected: readonly string[]): (takers: readonly string[]) => boolean {
  return (takers) => takers.every((taker, at) => taker === expected[at]);
}
