import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostPort } from '../../src/index.ts';
import { HostList } from '../../src/session/host-list.ts';
import { rebalance } from '../../src/session/rebalance.ts';

const host = (name: number): HostPort => ({ host: `zk${name}`, port: 2181 });
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => host(from + i));

/** A repeatable source of randomness. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('clients that were spread evenly are spread evenly over any new list', () => {
  for (let before = 1; before <= 6; before++)
    for (let kept = 0; kept <= before; kept++)
      for (let added = kept === 0 ? 1 : 0; added <= 6; added++) {
        const old = range(0, before);
        const next = [...range(0, kept), ...range(10, 10 + added)];
        const load = new Map(next.map(({ host }) => [host, 0]));
        const give = (hosts: HostPort[], share: number) => {
          for (const { host } of hosts) load.set(host, load.get(host)! + share / hosts.length);
        };
        for (const at of old) {
          const { leave, toNew } = rebalance(old, next, at);
          const share = 1 / old.length;
          if (leave < 1) give([at], share * (1 - leave));
          if (toNew > 0) give(range(10, 10 + added), share * leave * toNew);
          if (toNew < 1 && leave > 0) give(range(0, kept), share * leave * (1 - toNew));
        }
        for (const [name, share] of load)
          assert.ok(
            Math.abs(share - 1 / next.length) < 1e-9,
            `${before} servers, ${kept} kept, ${added} added: ${name} has ${share}`,
          );
      }
});

test('nobody moves without need', () => {
  const [old, fewer] = [range(0, 5), range(0, 3)];
  assert.deepEqual(rebalance(old, fewer, host(1)), { leave: 0, toNew: 0 });
  assert.deepEqual(rebalance(old, old, host(1)), { leave: 0, toNew: 0 });
  assert.deepEqual(rebalance(old, fewer, host(4)), { leave: 1, toNew: 0 });
  // ZOOKEEPER-1355's own examples: 3 to 5 moves 2/5 of the clients, all to the new ones.
  const { leave, toNew } = rebalance(range(0, 3), range(0, 5), host(0));
  assert.ok(Math.abs(leave - 2 / 5) < 1e-9);
  assert.equal(toNew, 1);
});

test('ten thousand clients end up as the probabilities say', () => {
  const random = seeded(7);
  const counts = new Map<string, number>();
  const clients = 10_000;
  const next = [...range(0, 2), ...range(10, 12)]; // of five, two stay and two come
  for (let i = 0; i < clients; i++) {
    const list = new HostList(range(0, 5), random);
    const at = list.next().host;
    list.connected();
    const now = list.update(next, at) ? list.next().host : at;
    counts.set(now.host, (counts.get(now.host) ?? 0) + 1);
  }
  for (const { host } of next)
    assert.ok(Math.abs(counts.get(host)! / clients - 1 / 4) < 0.02, `${host}: ${counts.get(host)}`);
});

test('one order for all rounds, other orders for other clients', () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const list = new HostList(range(0, 4), seeded(seed * 7919));
    const round = () => Array.from({ length: 4 }, () => list.next().host.host).join();
    const first = round();
    assert.equal(round(), first);
    assert.equal(new Set(first.split(',')).size, 4);
    orders.add(first);
  }
  assert.ok(orders.size > 12, `${orders.size} of 24 orders`);
});

test('a round is over when every server was tried since the last connection', () => {
  const list = new HostList(range(0, 3), seeded(1));
  const wrapped = () => list.next().wrapped;
  assert.deepEqual([wrapped(), wrapped(), wrapped(), wrapped()], [false, false, false, true]);
  assert.deepEqual([wrapped(), wrapped(), wrapped(), wrapped()], [false, false, true, false]);
  list.connected();
  assert.deepEqual([wrapped(), wrapped(), wrapped(), wrapped()], [false, false, false, true]);
});

test('one that moves tries every server before the round goes on, and its old one last', () => {
  const list = new HostList(range(0, 2), () => 0);
  assert.equal(list.update(range(0, 4), host(0)), true);
  const tried = Array.from({ length: 4 }, () => list.next().host.host);
  assert.deepEqual(new Set(tried.slice(0, 2)), new Set(['zk2', 'zk3']));
  assert.deepEqual(tried.slice(2), ['zk1', 'zk0']);
  assert.equal(list.next().wrapped, true);
});
