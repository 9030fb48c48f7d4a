import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Algorithm,
  Hash64,
  type Host,
  type HostFacts,
  type LocalityRouting,
} from '../../src/index.ts';
import { request } from './fixture.ts';
import { anyFacts, cluster, facts, group, zone } from './hosts.ts';
import { chiSquare, chiSquareBound } from './statistics.ts';

const ALGORITHMS: readonly Algorithm[] = [
  { type: 'random' },
  { type: 'round-robin' },
  { type: 'least-request' },
  { type: 'peak-ewma' },
  { type: 'ring-hash' },
  { type: 'maglev', tableSize: 251 },
  { type: 'maglev', tableSize: 251, balanceFactor: 120 },
];

/** The share of picks that each group of hosts, by the first letter of their keys, gets. */
function shares(pick: (i: number) => Host<string> | undefined, picks: number) {
  const counts: Record<string, number> = {};
  for (let i = 0; i < picks; i++) {
    const name = pick(i)?.key[0] ?? '-';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

for (const algorithm of ALGORITHMS) {
  const name = algorithm.type + ('balanceFactor' in algorithm ? ', bounded' : '');

  test(`${name}: nobody unfit outside of panic, and somebody if there is anybody`, () => {
    const localities = fc.constantFrom<LocalityRouting>(
      { type: 'none' },
      { type: 'weighted', weight: ({ zone: at }) => ({ a: 1, b: 3 })[at] ?? 2 },
      { type: 'zone-aware', own: zone('a'), callers: ['a', 'a', 'b', 'c'].map(zone) },
    );
    const thresholds = fc.constantFrom(0, 50, 100);
    fc.assert(
      fc.property(anyFacts, localities, thresholds, fc.nat(9), (all, routing, threshold, odd) => {
        const { hosts, balancer } = cluster({ algorithm, panicThreshold: threshold });
        balancer.update(hosts.update(all), routing);
        const pickable = all.filter(({ weight }) => weight > 0);
        const priorities = [...new Set(pickable.map(({ priority }) => priority))].sort();
        const panicking = new Set(priorities.filter((_, i) => balancer.loads[i]!.panic));
        const fit = pickable.filter(({ health }) => health === 'healthy' || health === 'unknown');
        const accept = ({ key }: Host<string>) => Number(key.slice(1)) % 2 === odd % 2;
        for (let i = 0; i < 20; i++) {
          const context = { ...(i % 3 > 0 && request(i)), ...(i % 2 > 0 && { accept }) };
          const host = balancer.pick(context);
          if (host) {
            assert(host.facts.weight > 0);
            assert(host.fit || panicking.has(host.facts.priority), host.key);
            host.load.started();
            if (i % 2 > 0) assert(accept(host));
          } else if (i % 2 > 0) {
            const accepted = fit.filter((each) => accept(hosts.get(each.key)!));
            assert.equal(accepted.length, 0, 'an acceptable one is found in whatever priority');
          } else assert.equal((threshold > 0 ? pickable : fit).length, 0);
        }
      }),
      { numRuns: 150, seed: 1 },
    );
  });
}

test('priorities fail over in their order, and back', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'random' } });
  const at = (first: number, second: number) => {
    const all = [
      ...group('a', 10, first),
      ...group('b', 10, second, { priority: 1 }),
      ...group('c', 10, 10, { priority: 7 }),
    ];
    balancer.update(hosts.update(all));
    return shares(() => balancer.pick(), 20_000);
  };
  assert.deepEqual(at(10, 10), { a: 20_000 });
  assert.deepEqual(at(8, 10), { a: 20_000 });
  for (const [counts, expected] of [
    [at(5, 10), [70, 30, 0]],
    [at(3, 3), [42, 42, 16]],
    [at(0, 5), [0, 70, 30]],
  ] as const) {
    const named = ['a', 'b', 'c'].map((name) => counts[name] ?? 0);
    const used = expected.map((share, i) => ({ share, count: named[i]! }));
    for (const { share, count } of used) if (share === 0) assert.equal(count, 0);
    const both = used.filter(({ share }) => share > 0);
    const statistic = chiSquare(
      both.map(({ count }) => count),
      both.map(({ share }) => share),
    );
    assert(statistic < chiSquareBound(both.length - 1), `${named}`);
  }
  assert.deepEqual(at(10, 0), { a: 20_000 });
});

test('a key’s priority is a matter of the key', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'maglev' } });
  balancer.update(hosts.update([...group('a', 10, 5), ...group('b', 10, 10, { priority: 1 })]));
  for (let i = 0; i < 200; i++) {
    const hash = Hash64.from(BigInt(i));
    assert.equal(balancer.pick({ hash })!.key[0], i % 100 < 70 ? 'a' : 'b');
  }
});

test('a key is no matter to who does not hash, neither for the priority', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'round-robin' } });
  balancer.update(hosts.update([...group('a', 10, 5), ...group('b', 10, 10, { priority: 1 })]));
  const hash = Hash64.from(1n);
  const counts = shares(() => balancer.pick({ hash }), 20_000);
  assert(chiSquare([counts.a!, counts.b!], [0.7, 0.3]) < chiSquareBound(1), JSON.stringify(counts));
});

test('panic: with too few healthy all are used but those that drain', () => {
  const { hosts, balancer } = cluster();
  const draining = facts('d0', { health: 'draining' });
  const counts = (...all: readonly HostFacts<string>[]) => {
    balancer.update(hosts.update(all));
    const found = new Set(Array.from({ length: 60 }, () => balancer.pick()?.key));
    return [...found].sort();
  };
  assert.deepEqual(counts(...group('a', 3, 2), draining), ['a0', 'a1']);
  assert.deepEqual(counts(...group('a', 3, 1), draining), ['a0', 'a1', 'a2']);
  assert.deepEqual(counts(draining), ['d0'], 'better than nobody');
  assert.deepEqual(counts(), [undefined]);
});

test('who is ejected counts as unfit', () => {
  const { hosts, balancer } = cluster();
  const all = hosts.update(group('a', 4, 4));
  all[0]!.ejected = true;
  balancer.update(all);
  const picked = new Set(Array.from({ length: 40 }, () => balancer.pick()?.key));
  assert.deepEqual([...picked].sort(), ['a1', 'a2', 'a3']);
  assert.equal(hosts.update(group('a', 5, 5))[0]!.ejected, true, 'and remains so in new lists');
});

test('localities have weights of their own, as far as their endpoints are up to it', () => {
  const routing: LocalityRouting = {
    type: 'weighted',
    weight: ({ zone: at }) => ({ x: 1, y: 3 })[at] ?? 0,
  };
  for (const [healthy, expected] of [
    [10, [1, 3]],
    [8, [1, 3]],
    [5, [1, 2.1]],
  ] as const) {
    const { hosts, balancer } = cluster({ algorithm: { type: 'random' } });
    const all = [
      ...group('a', 2, 2, { locality: zone('x') }),
      ...group('b', 10, healthy, { locality: zone('y') }),
      ...group('c', 5, 5, { locality: zone('z') }),
    ];
    balancer.update(hosts.update(all), routing);
    const counts = shares(() => balancer.pick(), 12_300);
    // Localities take turns, so that no chance is in it but rounding.
    const part = 12_300 / (expected[0] + expected[1]);
    assert(Math.abs(counts.a! - part * expected[0]) <= 2, JSON.stringify(counts));
    assert(Math.abs(counts.b! - part * expected[1]) <= 2, JSON.stringify(counts));
    assert.equal(counts.c, undefined);
  }
});

test('hashing has its localities in the weights', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'maglev' } });
  const all = [
    ...group('a', 2, 2, { locality: zone('x') }),
    ...group('b', 10, 10, { locality: zone('y') }),
  ];
  const weight = () => 1;
  balancer.update(hosts.update(all), { type: 'weighted', weight });
  const counts = shares((i) => balancer.pick(request(i)), 20_000);
  const statistic = chiSquare([counts.a!, counts.b!], [1, 1]);
  assert(statistic < chiSquareBound(1), JSON.stringify(counts));
});

test('callers keep to their zone, and send elsewhere what it is too small for', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'random' } });
  const all = [
    ...group('a', 5, 5, { locality: zone('a') }),
    ...group('b', 10, 10, { locality: zone('b') }),
    ...group('c', 5, 5, { locality: zone('c') }),
  ];
  const callers = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c', 'c'].map(zone);
  const from = (own: string) => {
    balancer.update(hosts.update(all), { type: 'zone-aware', own: zone(own), callers });
    return shares(() => balancer.pick(), 30_000);
  };
  const counts = from('a');
  const statistic = chiSquare([counts.a!, counts.b!, counts.c!], [0.625, 0.25, 0.125]);
  assert(statistic < chiSquareBound(2), JSON.stringify(counts));
  assert.deepEqual(from('b'), { b: 30_000 });
});

test('a warm-up is over in time, whatever is told in between', () => {
  let time = 0;
  const warmUp = { now: () => time };
  const { hosts, balancer } = cluster({ warmUp });
  const all = [facts('a'), facts('b', { warmUp: { from: 0, duration: 1000 } })];
  const share = () => {
    balancer.update(hosts.update(all));
    return shares(() => balancer.pick(), 1100).b! / 1100;
  };
  assert(Math.abs(share() - 0.1 / 1.1) < 0.01);
  time = 500;
  assert(Math.abs(share() - 0.5 / 1.5) < 0.01);
  time = 1000;
  assert.equal(share(), 0.5);
});

test('who is pending takes nothing, and does not count', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'random' } });
  const all = hosts.update([...group('a', 2, 2), ...group('p', 8, 8)]);
  for (const host of all) host.pending = host.key.startsWith('p');
  balancer.update(all);
  assert.deepEqual(balancer.loads, [{ load: 100, panic: false }]);
  assert.deepEqual(
    shares(() => balancer.pick(), 100),
    { a: 100 },
  );
  for (const host of all) host.pending = true;
  balancer.update(all);
  assert.deepEqual(balancer.loads, [{ load: 100, panic: true }], 'nothing is known of anybody');
});

test('a locality’s weight is that of its priority', () => {
  const { hosts, balancer } = cluster({ algorithm: { type: 'round-robin' } });
  const at = (name: string, healthy: number, of: string, priority: number) =>
    group(name, 10, healthy, { locality: zone(of), priority });
  const all = [...at('x', 0, 'a', 0), ...at('y', 0, 'b', 0)];
  all.push(...at('a', 10, 'a', 1), ...at('b', 10, 'b', 1));
  balancer.update(hosts.update(all), {
    type: 'weighted',
    weight: (locality, priority) => (priority > 0 && locality.zone === 'b' ? 3 : 1),
  });
  assert.deepEqual(
    shares(() => balancer.pick(), 400),
    { a: 100, b: 300 },
  );
});
