import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedLoad, Maglev, RingHash, Xoshiro128 } from '../../src/index.ts';
import { Fixture, type Peer, request, weigh } from './fixture.ts';

const random = new Xoshiro128(9);

function bounded(fixture: Fixture, peers: readonly Peer[], factor: number, weight?: () => number) {
  const items = weigh(peers, weight);
  const inner = new Maglev<Peer>([], { random });
  return new BoundedLoad(inner, items, { load: fixture.load, factor });
}

test('nobody has more than its bound, however few the keys', () => {
  for (const factor of [110, 125, 200]) {
    const fixture = new Fixture();
    const peers = fixture.peers(20);
    const balancer = bounded(fixture, peers, factor);
    for (let i = 0; i < 1000; i++) balancer.pick(request(i % 3))!.load.started();
    // ceil(1000 factor / 20), and one: Envoy passes over who has more, not who has as many.
    const bound = Math.ceil((1000 * factor) / 100 / 20) + 1;
    const most = Math.max(...peers.map(({ load }) => load.active));
    assert(most <= bound && most >= bound - 2, `${most} of ${bound}`);
  }
});

test('who is within its bound keeps its keys', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(20);
  const plain = new RingHash(weigh(peers), { random });
  const inner = new RingHash<Peer>([], { random });
  const balancer = new BoundedLoad(inner, weigh(peers), { load: fixture.load, factor: 150 });
  for (let i = 0; i < 500; i++) assert.equal(balancer.pick(request(i)), plain.pick(request(i)));
  const busy = plain.pick(request(0))!;
  for (let i = 0; i < 10; i++) busy.load.started();
  let passed = 0;
  const heirs = new Set<Peer>();
  for (let i = 0; i < 500; i++) {
    const picked = balancer.pick(request(i))!;
    if (plain.pick(request(i)) !== busy) assert.equal(picked, plain.pick(request(i)));
    else {
      passed++;
      heirs.add(picked);
      assert.equal(balancer.pick(request(i)), picked, 'a key has one heir');
    }
  }
  assert(passed > 5 && !heirs.has(busy) && heirs.size > 3, 'not all go to one neighbour');
});

test('all being overloaded, the least overloaded is picked', () => {
  const fixture = new Fixture();
  const peers = fixture.peers(3);
  const balancer = bounded(fixture, peers, 100);
  for (const [i, count] of [9, 5, 7].entries())
    for (let n = 0; n < count; n++) peers[i]!.load.started();
  // The load of endpoints that have left counts no more among those that are here.
  fixture.load.active = 0;
  for (let i = 0; i < 50; i++) assert.equal(balancer.pick(request(i)), peers[1]);
  const accept = (peer: Peer) => peer !== peers[1];
  for (let i = 0; i < 50; i++) assert.equal(balancer.pick({ ...request(i), accept }), peers[2]);
});
