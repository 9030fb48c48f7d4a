import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint, Service, ServiceChange } from '@meshkeeper/mesh';
import { ClockSkew } from '../../src/metrics/clock-skew.ts';
import { Commits } from '../../src/metrics/commits.ts';

function endpoint(id: string, mzxid: bigint, mtime: number, registry = 'r'): Endpoint {
  return {
    ...{ id, address: '10.0.0.1', port: 1, weight: 100, health: 'unknown', metadata: {} },
    locality: { region: '', zone: '', subzone: '' },
    origin: { registry, path: `/${id}`, czxid: mzxid, mzxid, mtime },
  };
}

const service = (...endpoints: Endpoint[]): Service => ({ name: 's', protocol: 'http', endpoints });
const added = (...endpoints: Endpoint[]): ServiceChange => {
  return { type: 'added', name: 's', after: service(...endpoints) };
};
const updated = (before: Endpoint[], after: Endpoint[]): ServiceChange => {
  return { type: 'updated', name: 's', before: service(...before), after: service(...after) };
};

/** A registry that was read, and had this. */
function read(...endpoints: Endpoint[]): Commits {
  const commits = new Commits();
  commits.reset('r');
  const first = commits.of([added(...endpoints)], 1_000_000);
  assert.deepEqual(first, [undefined], 'what the first read finds is no news');
  commits.settled(1_000_000);
  return commits;
}

const old = endpoint('old', 5n, 1_000);

describe('when a change was committed', () => {
  test('is when the oldest transaction in it was that is news', () => {
    const commits = read(old);
    const news = [endpoint('a', 7n, 1_000_020), endpoint('b', 8n, 1_000_050)];
    assert.deepEqual(commits.of([updated([old], [old, ...news])], 1_000_100), [1_000_020]);
  });

  test('is not known of what went away, nor of what nobody wrote', () => {
    const commits = read(old);
    const drained = { ...old, health: 'draining' as const };
    const changes: ServiceChange[] = [
      updated([old], [drained]),
      updated([old], []),
      { type: 'removed', name: 's', before: service(old) },
    ];
    assert.deepEqual(commits.of(changes, 1_000_100), [undefined, undefined, undefined]);
  });

  test('is not known of an old registration that now stands in for another', () => {
    const commits = read(endpoint('winner', 9n, 2_000), old);
    const change = updated([endpoint('winner', 9n, 2_000)], [old]);
    assert.deepEqual(commits.of([change], 1_000_100), [undefined]);
  });

  test('transactions that are seen in another order than theirs are news all the same', () => {
    const commits = read(old);
    const [late, early] = [endpoint('late', 8n, 1_000_050), endpoint('early', 7n, 1_000_040)];
    commits.of([updated([old], [old, late])], 1_000_060);
    const change = updated([old, late], [early, late, old]);
    assert.deepEqual(commits.of([change], 1_000_070), [1_000_040]);
    // But not for long.
    const older = endpoint('older', 6n, 1_000_030);
    commits.of([], 1_010_000);
    assert.deepEqual(commits.of([added(older)], 1_020_100), [undefined]);
  });

  test('of a gap it is when it was, however long that is ago', () => {
    const commits = read(old);
    commits.reset('r');
    const missed = endpoint('missed', 8n, 1_000_500);
    assert.deepEqual(commits.of([added(missed)], 1_300_000), [1_000_500]);
    commits.settled(1_300_000);
    assert.equal(commits.correction('r'), 0, 'the gap says nothing of the clock');
  });

  test('a clock that is ahead or far behind is set right, for each registry', () => {
    for (const skew of [-3_600_000, -40, 5_000, 3_600_000]) {
      const commits = read(old);
      // It is seen 10 ms after the commit; the registry's clock says something else.
      const change = (now: number, zxid: bigint, took: number) =>
        commits.of([added(endpoint(`e${zxid}`, zxid, now - took - skew))], now)[0];
      change(1_000_100, 6n, 10);
      assert.equal(change(1_000_200, 7n, 250), 1_000_200 - 240, `a skew of ${skew} ms`);
      assert.equal(commits.correction('r'), skew + 10);
      assert.equal(commits.correction('other'), 0);
    }
  });

  test('a clock that may be right is believed', () => {
    const commits = read(old);
    const slow = endpoint('slow', 6n, 999_500);
    assert.deepEqual(commits.of([added(slow)], 1_000_100), [999_500]);
    assert.equal(commits.correction('r'), 0);
  });
});

test('the quickest change of the last hour tells of the clock', () => {
  const skew = new ClockSkew();
  assert.equal(skew.correction, 0);
  for (let minute = 0; minute < 60; minute++) skew.seen(0 + minute * 60_000, minute * 60_000 + 8);
  skew.seen(3_600_000 - 2_000, 3_600_000);
  assert.equal(skew.correction, 0);
  // The next hour everything takes two seconds more: another clock.
  for (let minute = 61; minute < 121; minute++)
    skew.seen(minute * 60_000 - 2_000, minute * 60_000 + 8);
  assert.equal(skew.correction, 2_008);
});
