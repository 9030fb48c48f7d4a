import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddWatchMode, EventType, WatcherType } from '@meshkeeper/jute';
import { WatchTable } from '../../src/watches/watch-table.ts';

const told = (events: readonly { watcher: string; type: number; path: string }[]) =>
  events.map(({ watcher, type }) => `${watcher} ${type}`).sort();

describe('watches', () => {
  test('of one shot fire once, of their own kind only', () => {
    const table = new WatchTable<string>();
    table.watchData('/a', 'data');
    table.watchChildren('/a', 'children');
    assert.deepEqual(told(table.dataChanged('/a')), ['data 3']);
    assert.deepEqual(told(table.dataChanged('/a')), []);
    assert.deepEqual(told(table.childrenChanged('/a')), ['children 4']);
    assert.equal(table.counts.watches, 0);
    assert.equal(table.counts.paths, 0);
  });

  test('tell a watcher of a deletion once, however many it has there', () => {
    const table = new WatchTable<string>();
    table.watchData('/a', 'both');
    table.watchChildren('/a', 'both');
    table.watchChildren('/a', 'children');
    table.add('/a', 'both', AddWatchMode.PERSISTENT);
    assert.deepEqual(told(table.deleted('/a')), ['both 2', 'children 2']);
    assert.deepEqual(told(table.deleted('/a')), ['both 2']);
  });

  test('that persist stay; recursive ones see everything below, but no changed children', () => {
    const table = new WatchTable<string>();
    table.add('/a', 'persistent', AddWatchMode.PERSISTENT);
    table.add('/a', 'recursive', AddWatchMode.PERSISTENT_RECURSIVE);
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(told(table.childrenChanged('/a')), ['persistent 4']);
      assert.deepEqual(told(table.created('/a/b')), ['recursive 1']);
      assert.deepEqual(told(table.dataChanged('/a')), ['persistent 3', 'recursive 3']);
      assert.deepEqual(told(table.deleted('/a/b/c')), ['recursive 2']);
      assert.deepEqual(told(table.created('/ab')), []);
    }
  });

  test('on the root see the whole tree', () => {
    const table = new WatchTable<string>();
    table.add('/', 'root', AddWatchMode.PERSISTENT_RECURSIVE);
    assert.deepEqual(told(table.created('/a/b')), ['root 1']);
    assert.deepEqual(told(table.dataChanged('/')), ['root 3']);
  });

  test('are removed by kind, and all with their watcher', () => {
    const table = new WatchTable<string>();
    table.watchData('/a', 'w');
    table.watchChildren('/a', 'w');
    table.add('/a', 'w', AddWatchMode.PERSISTENT);
    table.add('/a', 'w', AddWatchMode.PERSISTENT_RECURSIVE);
    for (const type of [
      WatcherType.DATA,
      WatcherType.CHILDREN,
      WatcherType.PERSISTENT,
      WatcherType.PERSISTENT_RECURSIVE,
    ]) {
      assert.ok(table.has('/a', 'w', WatcherType.ANY));
      assert.ok(table.has('/a', 'w', type));
      assert.ok(table.remove('/a', 'w', type));
      assert.ok(!table.remove('/a', 'w', type));
    }
    assert.ok(!table.has('/a', 'w', WatcherType.ANY));
    table.watchData('/a', 'w');
    table.watchData('/b', 'w');
    table.watchData('/b', 'other');
    table.removeWatcher('w');
    assert.deepEqual(table.counts, { watches: 1, paths: 1, watchers: 1 });
    assert.deepEqual(told(table.created('/b')), ['other 1']);
    assert.equal(EventType.NODE_CREATED, 1);
  });

  test('cost no more each when there are 100,000', () => {
    const timeOf = (watches: number) => {
      const table = new WatchTable<number>();
      const begun = performance.now();
      for (let i = 0; i < watches; i++) table.watchData(`/services/s${i % 1000}/i${i}`, i % 500);
      for (let i = 0; i < watches; i += 2)
        assert.equal(table.dataChanged(`/services/s${i % 1000}/i${i}`).length, 1);
      for (let watcher = 0; watcher < 500; watcher++) table.removeWatcher(watcher);
      assert.equal(table.counts.watches, 0);
      return performance.now() - begun;
    };
    const best = (watches: number) => Math.min(...[1, 2, 3].map(() => timeOf(watches)));
    // Ten times as many; were each to look at all others, a hundred times as long.
    assert.ok(best(100_000) / best(10_000) < 40);
  });
});
