import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeastRequest, Random, Xoshiro128 } from '../../src/index.ts';
import { Fixture, type Peer, weigh } from './fixture.ts';
import { chiSquare, chiSquareBound, countPicks } from './statistics.ts';

const random = () => new Xoshiro128(11);

test('the idle are picked alike', () => {
  const peers = new Fixture().peers(40);
  const balancer = new LeastRequest(weigh(peers), { random: random() });
  const counts = countPicks(peers, 100_000, () => balancer.pick()!);
  const statistic = chiSquare(
    counts,
    counts.map(() => 1),
  );
  assert(statistic < chiSquareBound(39), `${statistic}`);
});

test('who has most under way is picked only where both choices have', () => {
  const peers = new Fixture().peers(10);
  const busy = peers.slice(0, 3);
  for (const { load } of busy) for (let i = 0; i < 5; i++) load.started();
  const balancer = new LeastRequest(weigh(peers), { random: random() });
  const counts = countPicks(peers, 90_000, () => balancer.pick()!);
  const both = (3 / 10) * (2 / 9);
  const shares = peers.map((_, i) => (i < 3 ? both / 3 : (1 - both) / 7));
  const statistic = chiSquare(counts, shares);
  assert(statistic < chiSquareBound(9), `${statistic}`);
});

/** n balls into n bins, each where the balancer says: how many the fullest has. */
function fullest(pick: () => Peer, peers: readonly Peer[]): number {
  for (let i = 0; i < peers.length; i++) pick().load.started();
  return Math.max(...peers.map(({ load }) => load.active));
}

test('two choices keep the fullest near ln ln n, where chance alone goes to ln n / ln ln n', () => {
  const n = 4096;
  const two = new Fixture().peers(n);
  const balancer = new LeastRequest(weigh(two), { random: random() });
  const most = fullest(() => balancer.pick()!, two);
  // Azar et al., 1994: ln ln n / ln 2 + O(1), which is 3.06 here; with high probability no more than 5.
  assert(most <= 5, `${most}`);
  const one = new Fixture().peers(n);
  const chance = new Random(weigh(one), random());
  assert(fullest(() => chance.pick()!, one) > most);
});

test('with weights, requests under way come to be by its root', () => {
  const weight = (i: number) => 1 + (i % 4);
  const peers = new Fixture().peers(20);
  const balancer = new LeastRequest(weigh(peers, weight), { random: random() });
  for (let i = 0; i < 2000; i++) balancer.pick()!.load.started();
  for (const [i, { load }] of peers.entries()) {
    // Each gets weight / active of the requests; the roots of all weights are 30.73.
    assert(
      Math.abs(load.active - (2000 / 30.73) * Math.sqrt(weight(i))) <= 2,
      `${i}: ${load.active}`,
    );
  }
});

test('a bias of 0 is a weighted round robin', () => {
  const peers = new Fixture().peers(2);
  const items = weigh(peers, (i) => 3 - 2 * i);
  const balancer = new LeastRequest(items, { random: random(), bias: 0 });
  for (let i = 0; i < 50; i++) peers[0]!.load.started();
  const counts = countPicks(peers, 400, () => balancer.pick()!);
  assert.deepEqual(counts, [300, 100]);
});

test('a load goes on from list to list', () => {
  const fixture = new Fixture();
  const [old, other, fresh] = fixture.peers(3) as [Peer, Peer, Peer];
  const balancer = new LeastRequest(weigh([old, other]), { random: random() });
  old.load.started();
  balancer.update(weigh([old, fresh]));
  for (let i = 0; i < 100; i++) assert.equal(balancer.pick(), fresh);
  old.load.finished(1, 'success');
  assert.equal(fixture.load.active, 0);
  assert.equal(new Set(Array.from({ length: 100 }, () => balancer.pick())).size, 2);
});
