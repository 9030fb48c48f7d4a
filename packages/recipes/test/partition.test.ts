import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Partitioner, type PartitionLease } from '../src/index.ts';
import { assign } from '../src/partition/hash-ring.ts';
import { servers } from './servers.ts';
import { stage } from './stage.ts';

/** Who works on which partition now, and whether two ever did. */
class Work {
  readonly owners = new Map<string, string>();
  readonly clashes: string[] = [];

  /** Works on what a partitioner owns, and hands it over when it is asked to. */
  async follow(partitioner: Partitioner): Promise<void> {
    const begun = new Set<PartitionLease>();
    for await (const owned of partitioner.changes())
      for (const lease of owned.values())
        if (!begun.has(lease)) {
          begun.add(lease);
          this.begin(partitioner.id, lease);
        }
  }

  begin(worker: string, lease: PartitionLease): void {
    const { partition } = lease;
    const other = this.owners.get(partition);
    if (other !== undefined) this.clashes.push(`${partition}: ${other} and ${worker}`);
    this.owners.set(partition, worker);
    const end = () => {
      this.owners.delete(partition);
      // The hand-over waits for work that takes its time.
      setImmediate(() => void lease.release());
    };
    if (lease.leaving.aborted) end();
    else lease.leaving.addEventListener('abort', end, { once: true });
  }

  /** Waits until the partitions are shared out as the ring says. */
  async settled(partitions: readonly string[], workers: readonly string[]): Promise<void> {
    const wanted = [...assign(partitions, workers)].sort();
    await until(() => {
      assert.deepEqual([...this.owners].sort(), wanted);
      return true;
    });
    assert.deepEqual(this.clashes, []);
  }
}

describe('partitions', { concurrency: true }, () => {
  test('the ring: even shares, and few moves', () => {
    const partitions = Array.from({ length: 1000 }, (_, i) => `p${i}`);
    const three = assign(partitions, ['a', 'b', 'c']);
    const four = assign(partitions, ['d', 'c', 'b', 'a']);
    for (const worker of ['a', 'b', 'c', 'd']) {
      const share = [...four.values()].filter((owner) => owner === worker).length;
      assert.ok(share > 150 && share < 350, `${worker} has ${share} of 1000`);
    }
    for (const partition of partitions)
      assert.ok(four.get(partition) === 'd' || four.get(partition) === three.get(partition));
    assert.equal(assign(partitions, []).size, 0);
  });

  for (const [name, start] of Object.entries(servers)) {
    describe(`partitions on ${name}`, { concurrency: true }, () => {
      const on = stage(start);
      const partitions = Array.from({ length: 8 }, (_, i) => `${i}`);

      test('workers come and go, and no partition has two owners', async () => {
        const at = on.path();
        const work = new Work();
        await using a = new Partitioner(on.zk, at, { partitions: 8, id: 'a' });
        const following = [work.follow(a)];
        await work.settled(partitions, ['a']);
        await using b = new Partitioner(on.other, at, { partitions: 8, id: 'b' });
        following.push(work.follow(b));
        await work.settled(partitions, ['a', 'b']);
        await using c = new Partitioner(on.other, at, { partitions: 8, id: 'c' });
        following.push(work.follow(c));
        await work.settled(partitions, ['a', 'b', 'c']);
        await a.close();
        assert.equal(a.owned.size, 0);
        await work.settled(partitions, ['b', 'c']);
        await Promise.all([b.close(), c.close()]);
        await work.settled(partitions, []);
        await Promise.all(following);
        assert.deepEqual(await on.names(`${at}/workers`), []);
      });

      test('the hand-over waits for the release', async () => {
        const at = on.path();
        await using a = new Partitioner(on.zk, at, { partitions: ['p'], id: 'a' });
        await until(() => a.owned.size === 1);
        const held = a.owned.get('p')!;
        // Some id comes before `a` on the ring.
        const id = partitions.find((id) => assign(['p'], ['a', id]).get('p') === id)!;
        const b = new Partitioner(on.other, at, { partitions: ['p'], id });
        await until(() => held.leaving.aborted);
        await until(async () => (await on.names(`${at}/partitions/p`)).length === 2);
        assert.equal(held.signal.aborted, false);
        assert.equal(b.owned.size, 0);
        await held.release();
        await until(() => b.owned.size === 1);
        assert.equal(a.owned.size, 0);
        const closing = b.close();
        await b.owned.get('p')?.release();
        await closing;
        await until(() => a.owned.size === 1);
        await a.owned.get('p')?.release();
        await until(() => a.owned.size === 1 && a.owned.get('p') !== held);
        a.owned.get('p')!.leaving.addEventListener('abort', () => a.owned.get('p')?.release());
      });

      test('the partitions of a worker whose session expires go to the others, and come back', async () => {
        const at = on.path();
        const work = new Work();
        await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
        await using a = new Partitioner(faulty.zk, at, { partitions: 8, id: 'a' });
        await using b = new Partitioner(on.zk, at, { partitions: 8, id: 'b' });
        const following = [work.follow(a), work.follow(b)];
        await work.settled(partitions, ['a', 'b']);
        await faulty.proxy.refuse();
        faulty.proxy.cut();
        await work.settled(partitions, ['b']);
        assert.equal(a.owned.size, 0);
        await faulty.proxy.accept();
        await work.settled(partitions, ['a', 'b']);
        await Promise.all([a.close(), b.close()]);
        await Promise.all(following);
      });
    });
  }
});
