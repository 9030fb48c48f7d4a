import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeakEwma, Xoshiro128 } from '../../src/index.ts';
import { Fixture, type Peer, weigh } from './fixture.ts';
import { countPicks } from './statistics.ts';

function request({ load }: Peer, latency: number, outcome: 'success' | 'failure' = 'success') {
  load.started();
  load.finished(latency, outcome);
}

function balancerOf(fixture: Fixture, peers: readonly Peer[], weight?: (i: number) => number) {
  const now = () => fixture.time;
  return new PeakEwma(weigh(peers, weight), { random: new Xoshiro128(3), now });
}

test('a peak counts at once; what is below draws the average down by e in a decay', () => {
  const fixture = new Fixture(1000);
  const [{ load }] = fixture.peers(1) as [Peer];
  const latency = () => Math.round(load.latency(fixture.time) * 1000) / 1000;
  assert.equal(latency(), 0);
  load.started();
  load.finished(10, 'success');
  assert.equal(latency(), 10);
  load.started();
  load.finished(100, 'success');
  assert.equal(latency(), 100, 'a peak');
  fixture.time += 1000;
  assert.equal(latency(), 36.788, 'unasked it is forgotten');
  load.started();
  load.finished(10, 'success');
  assert.equal(latency(), 43.109, '100 / e + 10 (1 - 1 / e)');
});

test('who fails at once does not become the quickest', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(2);
  for (const peer of peers) request(peer, 50);
  fixture.time += 20_000;
  request(peers[0]!, 1, 'failure');
  request(peers[1]!, 40);
  const picked = countPicks(peers, 100, () => balancerOf(fixture, peers).pick()!);
  assert.deepEqual(picked, [0, 100]);
});

test('costs are latency times what is under way, by weight', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(2);
  request(peers[0]!, 10);
  request(peers[1]!, 25);
  const first = (weight?: (i: number) => number) =>
    peers.indexOf(balancerOf(fixture, peers, weight).pick()!);
  assert.equal(first(), 0);
  peers[0]!.load.started();
  assert.equal(first(), 0, '20 against 25');
  peers[0]!.load.started();
  assert.equal(first(), 1, '30 against 25');
  assert.equal(
    first((i) => 2 - i),
    0,
    '15 against 25',
  );
});

test('a newcomer gets one request, and no more before it has answered', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(2);
  request(peers[0]!, 5);
  const balancer = balancerOf(fixture, peers);
  const fresh = balancer.pick()!;
  assert.equal(fresh, peers[1]);
  fresh.load.started();
  for (let i = 0; i < 50; i++) assert.equal(balancer.pick(), peers[0]);
  fresh.load.finished(1, 'success');
  assert.equal(balancer.pick(), fresh);
});

test('one of ten that is ten times slower gets a tenth of what an even share is, or less', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(10);
  const balancer = balancerOf(fixture, peers);
  const counts = peers.map(() => 0);
  const running: { peer: number; end: number }[] = [];
  for (let i = 0; i < 20_000; i++) {
    fixture.time += 1;
    for (const done of running.filter(({ end }) => end <= fixture.time)) {
      running.splice(running.indexOf(done), 1);
      peers[done.peer]!.load.finished(done.peer === 0 ? 100 : 10, 'success');
    }
    const peer = peers.indexOf(balancer.pick()!);
    counts[peer]!++;
    peers[peer]!.load.started();
    running.push({ peer, end: fixture.time + (peer === 0 ? 100 : 10) });
  }
  assert(counts[0]! <= 200, `${counts}`);
  assert(counts[0]! > 0, 'but it is asked again in time');
});

test('of all of them, the best', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(8);
  for (const [i, peer] of peers.entries()) request(peer, 10 + ((i * 5) % 8));
  const random = new Xoshiro128(3);
  const balancer = new PeakEwma(weigh(peers), { random, now: () => 0, choices: 8 });
  const picked = countPicks(peers, 100, () => balancer.pick()!);
  assert(picked[0]! > 60, `${picked}`);
});
