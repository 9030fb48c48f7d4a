import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CircuitBreaker, RetryBudget } from '../../src/index.ts';

/** Retries until there may be none. */
function retries(budget: RetryBudget, now: number): number {
  let count = 0;
  while (budget.tryWithdraw(now)) count++;
  return count;
}

test('a fifth of the requests may be retried, and ten a second without any', () => {
  const budget = new RetryBudget();
  assert.equal(retries(budget, 0), 100, 'ten seconds’ worth to begin with');
  for (let i = 0; i < 1000; i++) budget.deposit(0);
  assert.equal(budget.balance(0), 200);
  assert.equal(retries(budget, 0), 200);
  assert.equal(retries(new RetryBudget({ minPerSecond: 0 }), 0), 0);
});

test('requests and retries are forgotten after the window', () => {
  const budget = new RetryBudget({ minPerSecond: 0, window: 10_000 });
  for (let i = 0; i < 100; i++) budget.deposit(0);
  for (let i = 0; i < 50; i++) budget.deposit(5000);
  assert.equal(budget.balance(9999), 30);
  assert.equal(budget.balance(10_000), 10);
  assert.equal(budget.balance(15_000), 0);
  const spent = new RetryBudget();
  retries(spent, 0);
  assert.equal(spent.balance(9999), 0);
  assert.equal(spent.balance(10_000), 100);
});

test('over any while, retries are no more than the ratio of the requests and the reserve', () => {
  const step = fc.record({ wait: fc.nat(3000), requests: fc.nat(50), tries: fc.nat(200) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const budget = new RetryBudget({ minPerSecond: 2, ratio: 0.1, window: 5000 });
      let now = 0;
      let requests = 0;
      let granted = 0;
      for (const { wait, requests: sent, tries } of steps) {
        now += wait;
        for (let i = 0; i < sent; i++) budget.deposit(now);
        requests += sent;
        for (let i = 0; i < tries; i++) if (budget.tryWithdraw(now)) granted++;
        const windows = Math.ceil((now + 1) / 4500);
        assert(granted <= requests * 0.1 + windows * 10 + 1e-6);
      }
    }),
    { seed: 3 },
  );
});

test('a breaker is open while its limit is reached, and knows nothing of the others', () => {
  const breaker = new CircuitBreaker({ connections: 2 });
  assert(breaker.tryAcquire('connections') && breaker.tryAcquire('connections'));
  assert(!breaker.tryAcquire('connections') && breaker.isOpen('connections'));
  assert(breaker.tryAcquire('requests'));
  breaker.release('connections');
  assert.equal(breaker.used('connections'), 1);
  assert(breaker.tryAcquire('connections'));
});

test('limits are Envoy’s where none are given', () => {
  const breaker = new CircuitBreaker();
  const limits = (['connections', 'pending', 'requests', 'retries'] as const).map((resource) =>
    breaker.limit(resource),
  );
  assert.deepEqual(limits, [1024, 1024, 1024, 3]);
});

test('retries can be limited to a share of what is under way, and a few', () => {
  const breaker = new CircuitBreaker({ retryShare: { percent: 20, minConcurrency: 3 } });
  const granted = () => {
    let count = 0;
    while (breaker.tryAcquire('retries')) count++;
    return count;
  };
  assert.equal(granted(), 3);
  for (let i = 0; i < 40; i++) breaker.tryAcquire(i % 2 ? 'requests' : 'pending');
  assert.equal(breaker.limit('retries'), 8);
  assert.equal(granted(), 5);
  for (let i = 0; i < 20; i++) breaker.release('requests');
  assert(breaker.isOpen('retries') && breaker.used('retries') === 8, 'what runs, runs on');
});

test('what is not taken can’t be given back', () => {
  assert.throws(() => new CircuitBreaker().release('pending'), RangeError);
});

test('new limits hold for what is taken already, and what must be is taken whatever they are', () => {
  const breaker = new CircuitBreaker({ connections: 3 });
  for (let i = 0; i < 3; i++) assert(breaker.tryAcquire('connections'));
  breaker.configure({ connections: 2, retryShare: { minConcurrency: 7 } });
  assert.deepEqual([breaker.used('connections'), breaker.limit('retries')], [3, 7]);
  breaker.acquire('connections');
  breaker.release('connections');
  breaker.release('connections');
  assert(breaker.isOpen('connections'));
  breaker.release('connections');
  assert(breaker.tryAcquire('connections'));
});
