import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutlierDetector, type OutlierOptions, Xoshiro128 } from '../../src/index.ts';

const KEYS = Array.from({ length: 10 }, (_, i) => `h${i}`);

function detector(options: Partial<OutlierOptions> = {}, keys = KEYS) {
  const watched = new OutlierDetector<string>(options, new Xoshiro128(1), 0);
  watched.update(keys);
  return watched;
}

/** Responses of one status, until the first change. */
function respond(watched: OutlierDetector<string>, key: string, status: number, times: number) {
  for (let i = 0; i < times; i++) {
    const change = watched.responded(key, status, 0);
    if (change) return change;
  }
  return undefined;
}

test('five 5xx in a row eject for thirty seconds; any other response between begins anew', () => {
  const watched = detector();
  assert.equal(respond(watched, 'h0', 500, 4), undefined);
  watched.responded('h0', 404, 0);
  assert.equal(respond(watched, 'h0', 500, 4), undefined);
  assert.deepEqual(watched.responded('h0', 501, 7), {
    ...{ type: 'ejected', key: 'h0', reason: 'consecutive-5xx', until: 30_007 },
  });
  assert(watched.isEjected('h0'));
  assert.equal(respond(watched, 'nobody', 500, 9), undefined);
});

test('gateway failures are told apart, where that is asked for', () => {
  const enforcing = {
    ...{ 'consecutive-5xx': 100, 'consecutive-gateway-failure': 100 },
    ...{ 'consecutive-local-origin-failure': 100, 'success-rate': 100 },
    ...{ 'local-origin-success-rate': 0, 'failure-percentage': 0 },
    'local-origin-failure-percentage': 0,
  };
  const watched = detector({ enforcing, consecutiveGatewayFailure: 3 });
  for (const status of [502, 503, 500, 503]) assert(!watched.responded('h0', status, 0));
  const change = respond(watched, 'h1', 504, 3);
  assert(change?.type === 'ejected' && change.reason === 'consecutive-gateway-failure');
  const silent = detector({ consecutiveGatewayFailure: 3, consecutive5xx: 9 });
  assert.equal(respond(silent, 'h0', 503, 8), undefined, 'by default they only count as 5xx');
});

test('failures of the local origin are 5xx, or counted by themselves', () => {
  const plain = detector();
  for (let i = 0; i < 4; i++) assert(!plain.failedLocally('h0', 503, 0));
  const mixed = plain.responded('h0', 500, 0);
  assert(mixed?.type === 'ejected' && mixed.reason === 'consecutive-5xx');

  const split = detector({ split: true });
  for (let i = 0; i < 4; i++) assert(!split.failedLocally('h0', 504, 0));
  split.responded('h0', 500, 0);
  for (let i = 0; i < 4; i++) assert(!split.failedLocally('h0', 504, 0), 'a response ends the row');
  const change = split.failedLocally('h0', 503, 0);
  assert(change?.type === 'ejected' && change.reason === 'consecutive-local-origin-failure');
});

test('each ejection lasts longer by the first’s time, and good conduct makes it shorter', () => {
  const watched = detector({ baseEjection: 1000, maxEjection: 3000, interval: 100 });
  let now = 0;
  const eject = () => {
    for (let i = 0; i < 4; i++) watched.responded('h0', 500, now);
    const change = watched.responded('h0', 500, now);
    assert(change?.type === 'ejected');
    const time = change.until - now;
    assert.deepEqual(watched.tick(change.until - 1), []);
    now = change.until;
    assert.deepEqual(watched.tick(now), [{ type: 'returned', key: 'h0' }]);
    return time;
  };
  assert.deepEqual([eject(), eject(), eject(), eject(), eject()], [1000, 2000, 3000, 3000, 3000]);
  const behave = (intervals: number) => {
    for (let i = 0; i < intervals; i++) {
      now += 100;
      watched.tick(now);
    }
  };
  behave(2);
  assert.equal(eject(), 3000, 'four steps of back-off less two, and one');
  behave(10);
  assert.equal(eject(), 1000);
});

test('no more than a share is ejected; of few, none, unless one may always be', () => {
  const count = (size: number, options: Partial<OutlierOptions>) => {
    const keys = KEYS.slice(0, size);
    const watched = detector(options, keys);
    return keys.filter((key) => respond(watched, key, 500, 5)).length;
  };
  assert.equal(count(10, {}), 1);
  assert.equal(count(9, {}), 0, 'a ninth is more than 10 %');
  assert.equal(count(9, { alwaysEjectOne: true }), 1);
  assert.equal(count(10, { maxEjectionPercent: 50 }), 5);
  assert.equal(count(10, { maxEjectionPercent: 100 }), 10);
});

test('who succeeds much less than the others is ejected at the interval’s end', () => {
  const watched = detector({ consecutive5xx: 1000 });
  for (const key of KEYS) {
    const failures = key === 'h3' ? 40 : 1;
    for (let i = 0; i < 100; i++) watched.responded(key, i < failures ? 500 : 200, 0);
  }
  assert.equal(watched.deadline, 10_000);
  const until = 40_000;
  assert.deepEqual(watched.tick(10_000), [
    { type: 'ejected', key: 'h3', reason: 'success-rate', until },
  ]);
  assert.equal(watched.deadline, 20_000);
  assert.deepEqual(watched.tick(20_000), [], 'requests count for one interval');
});

test('success is not compared over few requests or few endpoints', () => {
  for (const [requests, keys] of [
    [99, KEYS],
    [100, KEYS.slice(0, 4)],
  ] as const) {
    const watched = detector({ maxEjectionPercent: 100, consecutive5xx: 1000 }, [...keys]);
    for (const key of keys)
      for (let i = 0; i < requests; i++) watched.responded(key, key === 'h3' ? 500 : 200, 0);
    assert.deepEqual(watched.tick(10_000), []);
  }
});

test('the percentage of failures counts where that is asked for, whatever the others do', () => {
  const enforcing = { 'failure-percentage': 100, 'success-rate': 0 };
  const options = { enforcing: { ...detectorDefaults(), ...enforcing }, maxEjectionPercent: 100 };
  const watched = detector({ ...options, consecutive5xx: 1000 });
  for (const [n, key] of KEYS.entries())
    for (let i = 0; i < 100; i++) watched.responded(key, i < 80 + n ? 500 : 200, 0);
  const ejected = watched.tick(10_000).map(({ key }) => key);
  assert.deepEqual(ejected, ['h5', 'h6', 'h7', 'h8', 'h9']);
});

test('a jitter keeps the ejected from returning all at once', () => {
  const watched = detector({ maxEjectionJitter: 5000, maxEjectionPercent: 100 });
  const times = KEYS.map((key) => {
    const change = respond(watched, key, 500, 5);
    return change?.type === 'ejected' ? change.until : 0;
  });
  assert(times.every((time) => time >= 30_000 && time <= 35_000));
  assert(new Set(times).size > 5);
});

test('who leaves is forgotten, and makes room', () => {
  const watched = detector();
  assert(respond(watched, 'h0', 500, 5));
  assert(!respond(watched, 'h1', 500, 5));
  watched.update([...KEYS.slice(1), 'h0b']);
  assert(respond(watched, 'h1', 500, 5));
  watched.update(KEYS);
  assert(!watched.isEjected('h0') && watched.isEjected('h1'));
});

test('other options hold from now on, and nobody’s record is lost', () => {
  const watched = detector();
  respond(watched, 'h0', 500, 5);
  respond(watched, 'h1', 500, 3);
  watched.configure({ consecutive5xx: 4, maxEjectionPercent: 100 });
  assert(watched.isEjected('h0'));
  assert.equal(watched.responded('h1', 500, 0)?.type, 'ejected', 'the fourth in a row');
});

test('who is known to be well returns, and its failures count no more', () => {
  const watched = detector();
  respond(watched, 'h0', 500, 5);
  assert.deepEqual(watched.recovered('h0', 10), { type: 'returned', key: 'h0' });
  assert.equal(watched.recovered('h0', 10), undefined);
  assert.equal(watched.recovered('nobody', 10), undefined);
  assert.equal(respond(watched, 'h0', 500, 4), undefined);
  assert.equal(watched.responded('h0', 500, 10)?.type, 'ejected');
});

test('an interval’s end is of no use until something has happened, nor after all is forgotten', () => {
  const watched = detector();
  assert(watched.calm);
  watched.responded('h0', 200, 0);
  assert(!watched.calm, 'successes are compared');
  watched.tick(10_000);
  assert(watched.calm);
  respond(watched, 'h0', 500, 5);
  let now = 10_000;
  let ticks = 0;
  while (!watched.calm) {
    now += 10_000;
    watched.tick(now);
    ticks++;
  }
  assert(!watched.isEjected('h0'));
  assert.equal(
    ticks,
    3,
    'one more after its return, and the next ejection is no longer than it was',
  );
});

test('whatever happens, no more than the share is out, and all return', () => {
  const event = fc.record({
    key: fc.constantFrom(...KEYS),
    status: fc.constantFrom(200, 500, 503),
    local: fc.boolean(),
    times: fc.integer({ min: 1, max: 60 }),
    tick: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, split) => {
      const watched = detector({ maxEjectionPercent: 30, split, successRateVolume: 20 });
      let now = 0;
      const out = () => KEYS.filter((key) => watched.isEjected(key)).length;
      for (const { key, status, local, times, tick } of events) {
        for (let i = 0; i < times; i++) {
          if (local) watched.failedLocally(key, 503, now);
          else watched.responded(key, status, now);
        }
        if (tick) {
          now += 10_000;
          watched.tick(now);
        }
        assert(out() <= 3);
      }
      watched.tick(now + 10_000);
      watched.tick(now + 340_000);
      assert.equal(out(), 0);
    }),
    { seed: 2 },
  );
});

function detectorDefaults() {
  return {
    ...{ 'consecutive-5xx': 100, 'consecutive-gateway-failure': 0 },
    ...{ 'consecutive-local-origin-failure': 100, 'success-rate': 100 },
    ...{ 'local-origin-success-rate': 100, 'failure-percentage': 0 },
    'local-origin-failure-percentage': 0,
  };
}
