import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Balancer, Hash64, Maglev, RingHash, Xoshiro128 } from '../../src/index.ts';
import { Fixture, type Peer, request, weigh } from './fixture.ts';
import { chiSquare, chiSquareBound, countPicks } from './statistics.ts';

const random = new Xoshiro128(5);
const KEYS = 20_000;

/** What an even share may be off by, and the share of keys that may move beyond 1/n. */
interface Algorithm {
  readonly of: (peers: readonly Peer[], weight?: (i: number) => number) => Balancer<Peer>;
  readonly uneven: number;
  readonly beyond: number;
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  // A share of k points varies by its k-th root: at 1,000 points each, 4 deviations are 13 %.
  ring: {
    of: (peers, weight) => new RingHash(weigh(peers, weight), { random, pointsEach: 1000 }),
    uneven: 0.13,
    beyond: 0.01,
  },
  // The paper's figure 12: a table of 65,537 leaves well under 2 % of the keys to move without need.
  maglev: {
    of: (peers, weight) => new Maglev(weigh(peers, weight), { random }),
    uneven: 0.01,
    beyond: 0.02,
  },
};

test('a text’s hash is its XXH64', () => {
  const hash = new Hash64();
  const known: Readonly<Record<string, readonly [bigint, bigint]>> = {
    '': [0xef46db3751d8e999n, 0xd5afba1336a3be4bn],
    a: [0xd24ec4f1a98c6e5bn, 0xdec2bc81c3cd46c6n],
    '127.0.0.1:90_0': [0xdfabf37478daad19n, 0xd83a8b61008bfef4n],
    [`${'x'.repeat(32)}`]: [0xe2df261fc2ec30ebn, 0x926d5508ef687acbn],
    'Grüße, 世界': [0x8da9997715a4ae3cn, 0x59f79c73b85c2f7n],
    'The quick brown fox jumps over the lazy dog, and over the next one': [
      0xc30668839c725e0cn,
      0xae5d08a5cd7e4a46n,
    ],
  };
  for (const [text, [plain, seeded]] of Object.entries(known)) {
    assert.equal(hash.ofText(text).toBigInt(), plain, text);
    assert.equal(hash.ofText(text, 1).toBigInt(), seeded, text);
    assert.equal(hash.modulo(65_537), Number(seeded % 65_537n), text);
    assert.equal(Hash64.from(seeded).toBigInt(), seeded, text);
  }
  const long = 'é'.repeat(1000);
  assert.equal(hash.ofText(long).toBigInt(), new Hash64().ofText(long).toBigInt());
});

test('remainders are exact, of tables as large as Envoy’s', () => {
  const hash = fc.bigInt(0n, 2n ** 64n - 1n);
  const divisor = fc.oneof(fc.integer({ min: 1, max: 2 ** 26 }), fc.constant(5_000_011));
  fc.assert(
    fc.property(hash, divisor, (value, by) => {
      assert.equal(Hash64.from(value).modulo(by), Number(value % BigInt(by)));
    }),
    { seed: 6 },
  );
  assert.equal(Hash64.from(2n ** 64n - 1n).modulo(2 ** 26), 2 ** 26 - 1);
});

test('a hash goes to the first point that is not before it, and from the last to the first', () => {
  const peers = Array.from({ length: 6 }, (_, i) => ({ key: `127.0.0.1:${90 + i}` }));
  const ring = new RingHash(weigh(peers), { random, minSize: 12 });
  const points = peers.flatMap((peer) =>
    [0, 1].map((n) => ({ peer, at: new Hash64().ofText(`${peer.key}_${n}`).toBigInt() })),
  );
  const sorted = points.sort((a, b) => (a.at < b.at ? -1 : 1));
  const pick = (hash: bigint) => ring.pick({ hash: Hash64.from(hash) });
  for (const [i, { peer, at }] of sorted.entries()) {
    assert.equal(pick(at), peer);
    assert.equal(pick(at + 1n), sorted[(i + 1) % 12]!.peer);
  }
  assert.equal(pick(0n), sorted[0]!.peer);
  assert.equal(pick(2n ** 64n - 1n), sorted[0]!.peer);
});

for (const [name, { of, uneven, beyond }] of Object.entries(ALGORITHMS)) {
  const peers = new Fixture().peers(20);

  test(`${name}: keys spread evenly, or by weight`, () => {
    for (const weight of [() => 1, (i: number) => 1 + (i % 4)]) {
      const balancer = of(peers, weight);
      const counts = countPicks(peers, KEYS, (i) => balancer.pick(request(i))!);
      const all = peers.reduce((sum, _, i) => sum + weight(i), 0);
      for (const [i, count] of counts.entries()) {
        const expected = (KEYS * weight(i)) / all;
        // The keys' own chance: four deviations of a binomial.
        const chance = 4 * Math.sqrt(expected);
        const off = Math.abs(count - expected);
        assert(off <= uneven * expected + chance, `${i}: ${count} of ${expected}`);
      }
    }
  });

  test(`${name}: a request without a hash goes anywhere`, () => {
    const balancer = of(peers);
    const owned = countPicks(peers, 100_000, () => balancer.pick()!);
    assert(owned.every((count) => Math.abs(count / 5000 - 1) < uneven + 0.06));
  });

  test(`${name}: of n endpoints one comes or goes, and 1/n of the keys move, and few more`, () => {
    for (const n of [5, 20, 100]) {
      const all = new Fixture().peers(n);
      const gone = all[Math.floor(n / 3)]!;
      const balancer = of(all);
      const before = Array.from({ length: KEYS }, (_, i) => balancer.pick(request(i)));
      balancer.update(weigh(all.filter((peer) => peer !== gone)));
      const after = Array.from({ length: KEYS }, (_, i) => balancer.pick(request(i)));
      const moved = before.filter((peer, i) => peer !== after[i]).length / KEYS;
      assert(moved > 0 && moved <= 1 / n + beyond, `${moved} of 1/${n}`);
      balancer.update(weigh(all));
      const back = Array.from({ length: KEYS }, (_, i) => balancer.pick(request(i)));
      assert.deepEqual(back, before, 'and who comes back gets its keys back');
    }
  });

  test(`${name}: a refused endpoint’s keys go to several others, always the same`, () => {
    const balancer = of(peers);
    const refused = peers[4]!;
    const accept = (peer: Peer) => peer !== refused;
    const heirs = new Set<Peer>();
    for (let i = 0; i < 2000; i++) {
      const context = request(i);
      const first = balancer.pick(context)!;
      const second = balancer.pick({ ...context, accept })!;
      if (first !== refused) assert.equal(second, first);
      else heirs.add(second);
      assert.equal(balancer.pick({ ...context, accept }), second);
    }
    assert(!heirs.has(refused) && heirs.size > 5, `${heirs.size}`);
  });
}

test('ring: at Envoy’s size the points of those who stay grow in number: 2/n of the keys move', () => {
  for (const n of [5, 20, 100]) {
    const peers = new Fixture().peers(n);
    const ring = new RingHash(weigh(peers), { random });
    const before = Array.from({ length: KEYS }, (_, i) => ring.pick(request(i)));
    ring.update(weigh(peers.slice(1)));
    const moved = before.filter((peer, i) => peer !== ring.pick(request(i))).length / KEYS;
    // A share of k points is off by its k-th root.
    const off = 1 + 4 / Math.sqrt(1024 / n);
    assert(moved <= (off * 2) / n, `${moved} of 1/${n}`);
  }
});

test('ring: only keys of who has gone move', () => {
  const peers = new Fixture().peers(10);
  const ring = ALGORITHMS.ring!.of(peers);
  const before = Array.from({ length: 5000 }, (_, i) => ring.pick(request(i)));
  ring.update(weigh(peers.slice(1)));
  for (const [i, peer] of before.entries()) {
    if (peer !== peers[0]) assert.equal(ring.pick(request(i)), peer);
  }
});

test('maglev: entries are even to one in a hundred, whatever the keys', () => {
  const peers = new Fixture().peers(100);
  const table = ALGORITHMS.maglev!.of(peers);
  const owned = countPicks(peers, 65_537, (i) => {
    return table.pick({ hash: Hash64.from(BigInt(i)) })!;
  });
  assert.equal(Math.max(...owned) - Math.min(...owned), 1);
  const hashed = countPicks(peers, 100_000, (i) => table.pick(request(i))!);
  const statistic = chiSquare(hashed, owned);
  assert(statistic < chiSquareBound(99), `${statistic}`);
});
