import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Expiries, lifetimeOf } from '../../src/kept/expiries.ts';

test('a lease is due when the same write of it was there for its lifetime', () => {
  const expiries = new Expiries();
  expiries.observe('a', 1n, 100, 0);
  expiries.resume(0);
  assert.equal(expiries.next, 100);
  assert.deepEqual(expiries.due(99), []);
  assert.deepEqual(expiries.due(100), [{ id: 'a', mark: 1n }]);
  expiries.observe('a', 2n, 100, 50);
  expiries.observe('a', 2n, 100, 90); // read again, not written again
  assert.deepEqual(expiries.due(149), []);
  assert.equal(expiries.left('a', 149), 1);
  assert.deepEqual(expiries.due(150), [{ id: 'a', mark: 2n }]);
  expiries.forget('a');
  assert.deepEqual([expiries.due(1_000), expiries.next], [[], undefined]);
});

test('nothing is due while writes may go unheard, and every clock starts anew after it', () => {
  const expiries = new Expiries();
  expiries.observe('a', 1n, 100, 0);
  assert.deepEqual([expiries.due(1_000), expiries.next], [[], undefined]); // not all was read yet
  expiries.resume(1_000);
  assert.deepEqual(expiries.due(1_099), []);
  expiries.suspend();
  assert.deepEqual(expiries.due(5_000), []);
  expiries.resume(5_000);
  expiries.resume(5_050); // it is known already
  assert.deepEqual(expiries.due(5_099), []);
  assert.equal(expiries.due(5_100).length, 1);
});

/** What can happen in the world of one lease, its holders and those who watch over it. */
type Step =
  | { readonly type: 'pass'; readonly ms: number }
  /** The holder asks a server to keep the lease alive, or one who waits takes it if it is free. */
  | { readonly type: 'ask'; readonly holder: number; readonly transit: number }
  | { readonly type: 'observe' | 'expire' | 'break' | 'mend'; readonly observer: number };

const HOLDERS = 3;
const OBSERVERS = 2;
const TTL = 1_000;

/**
 * ZooKeeper as one lease: a write has an order and a version, and every observer reads some state that
 * was true not after the moment in which it reads. Observers' clocks run at their own rates, up to 5 %
 * off either way, and begin anywhere.
 */
class World {
  now = 0;
  readonly #versions: { readonly holder: number | undefined }[] = [{ holder: undefined }];
  readonly #trusts = new Map<number, number>();
  readonly #observers: {
    readonly expiries: Expiries;
    readonly rate: number;
    readonly zero: number;
    seen: number;
  }[];

  constructor(rates: readonly number[], zeros: readonly number[]) {
    this.#observers = rates.map((rate, i) => ({
      ...{ expiries: new Expiries(), rate, zero: zeros[i] ?? 0, seen: 0 },
    }));
  }

  get #last() {
    return this.#versions.length - 1;
  }

  get #held() {
    return this.#versions[this.#last]?.holder;
  }

  step(step: Step): void {
    switch (step.type) {
      case 'pass':
        this.now += step.ms;
        return;
      case 'ask': {
        // Sent, then on its way, then ordered: the holder counts from when it sent it.
        const sent = this.now;
        this.now += step.transit;
        const { holder } = step;
        if (this.#held !== undefined && this.#held !== holder) return;
        this.#versions.push({ holder });
        this.#trusts.set(holder, sent + TTL);
        return;
      }
      case 'observe': {
        const one = this.#observers[step.observer]!;
        one.seen = this.#last;
        one.expiries.observe('it', BigInt(one.seen), lifetimeOf(TTL), this.#clock(one));
        return;
      }
      case 'break':
        this.#observers[step.observer]!.expiries.suspend();
        return;
      case 'mend':
        this.step({ type: 'observe', observer: step.observer });
        this.#observers[step.observer]!.expiries.resume(
          this.#clock(this.#observers[step.observer]!),
        );
        return;
      case 'expire': {
        const one = this.#observers[step.observer]!;
        // Only the version that was observed is deleted.
        for (const { mark } of one.expiries.due(this.#clock(one)))
          if (mark === BigInt(this.#last) && this.#held !== undefined)
            this.#versions.push({ holder: undefined });
      }
    }
  }

  /** Who believes now, by its own clock, that it holds the lease. */
  get believers(): number[] {
    return Array.from(this.#trusts).flatMap(([holder, until]) =>
      this.now < until ? [holder] : [],
    );
  }

  #clock({ rate, zero }: { readonly rate: number; readonly zero: number }): number {
    return zero + this.now * rate;
  }
}

const observer = fc.nat({ max: OBSERVERS - 1 });
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('pass' as const),
        ms: fc.integer({ min: 0, max: TTL }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('ask' as const),
        holder: fc.nat({ max: HOLDERS - 1 }),
        transit: fc.constantFrom(0, 10, TTL / 2, 2 * TTL),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constantFrom('observe' as const, 'expire' as const),
        observer,
      }),
    },
    fc.record({ type: fc.constantFrom('break' as const, 'mend' as const), observer }),
  ),
  { minLength: 40, maxLength: 120 },
);

test('whatever happens in whichever order, no two holders believe in it at once', () => {
  let handedOver = 0;
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), {
        minLength: OBSERVERS,
        maxLength: OBSERVERS,
      }),
      fc.array(fc.integer({ min: -1e12, max: 1e12 }), {
        minLength: OBSERVERS,
        maxLength: OBSERVERS,
      }),
      (steps, rates, zeros) => {
        const world = new World(rates, zeros);
        const held = new Set<number>();
        for (let observer = 0; observer < OBSERVERS; observer++)
          world.step({ type: 'mend', observer });
        for (const step of steps) {
          world.step(step);
          const { believers } = world;
          assert.ok(believers.length <= 1, `${believers.join()} at ${world.now}`);
          for (const one of believers) held.add(one);
        }
        if (held.size > 1) handedOver++;
      },
    ),
    { numRuns: 3_000 },
  );
  // Otherwise nothing was seen.
  assert.ok(handedOver > 50, `${handedOver} runs had more than one holder`);
});
