import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NO_LOCALITY, type Service } from '@meshkeeper/mesh';
import {
  type Finagle,
  skipWithout,
  startFinagle,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { serverset } from '../../src/index.ts';

const skip = skipWithout('zookeeper') || skipWithout('finagle');

describe('beside the real Finagle', { skip }, () => {
  let server: ZooKeeperServer;
  let finagle: Finagle;
  let zk: ZooKeeper;
  before(async () => {
    server = await startZooKeeper();
    [finagle, zk] = await Promise.all([
      startFinagle({ connect: server.connect }),
      connect({ connect: server.connect }),
    ]);
  });
  after(async () => {
    await finagle?.close();
    await zk?.close();
    await server?.close();
  });

  /** A serverset as we read it now. */
  const read = async (name: string): Promise<Service | undefined> => {
    const reading = serverset.reading({ registry: 'r', root: '/sets', locality: NO_LOCALITY });
    const { children } = await zk.children(`/sets/${name}`);
    for (const child of children) {
      const path = `/sets/${name}/${child}`;
      const { data, stat } = await zk.get(path);
      reading.put({ path, data, stat });
    }
    return reading.service(name);
  };
  /** What Finagle resolves a serverset to once that satisfies. */
  const resolved = async (
    path: string,
    wanted: readonly object[],
    options?: { endpoint: string },
  ) => {
    let last: unknown;
    await until(
      async () => {
        const { addresses = [] } = await finagle.resolve(path, options);
        last = addresses.sort((a, b) => (a.address < b.address ? -1 : 1));
        return JSON.stringify(last) === JSON.stringify(wanted);
      },
      { timeout: 60_000, message: `Finagle resolves ${path}` },
    ).catch((error: unknown) => {
      assert.deepEqual(last, wanted);
      throw error;
    });
  };

  test('members and weights that we write are what its resolver sees, and what we read', async () => {
    const register = async (address: string, more: object) => {
      const registration = { service: 'ours', address, port: 80, ...more };
      for (const { path, data, mode } of serverset.encode('/sets', registration, 0))
        await zk.create(path, data, { mode, parents: true });
    };
    await register('10.0.0.1', {});
    await register('10.0.0.2', { weight: 200, metadata: { shard: '7', html: "<'>" } });
    await register('10.0.0.3', { weight: 30 });
    await register('10.0.0.4', { health: 'draining' });
    await register('10.0.0.5', { health: 'unhealthy' });
    await resolved('/sets/ours', [
      { address: '10.0.0.1', port: 80, weight: 1 },
      { address: '10.0.0.2', port: 80, weight: 2 },
      { address: '10.0.0.3', port: 80, weight: 0.3 },
    ]);
    const service = await read('ours');
    assert.deepEqual(
      service?.endpoints.map(({ address, weight, health }) => [address, weight, health]),
      [
        ['10.0.0.1', 100, 'unknown'],
        ['10.0.0.2', 200, 'unknown'],
        ['10.0.0.3', 30, 'unknown'],
        ['10.0.0.4', 100, 'draining'],
        ['10.0.0.5', 100, 'unhealthy'],
      ],
    );
  });

  test('a member of its own that we revise is still one to it', async () => {
    await finagle.join({ path: '/sets/its', address: { host: '10.0.0.1', port: 80 }, shard: 3 });
    const path = '/sets/its/member_0000000000';
    await until(async () => (await zk.exists(path)) !== undefined);
    const { data } = await zk.get(path);
    const revised = serverset.revise({ path, data }, { metadata: { zone: 'b' } });
    await zk.set(path, revised.data);
    await resolved('/sets/its', [{ address: '10.0.0.1', port: 80, weight: 1 }]);
    const service = await read('its');
    assert.deepEqual(service?.endpoints[0]?.metadata, { shard: '3', zone: 'b' });
  });

  test('what it makes of vectors, and where we differ', async () => {
    const set = '/sets/vectors';
    for (const shard of [0, 1, 2, 3])
      await finagle.join({ path: set, address: { host: `10.0.0.${shard}`, port: 80 }, shard });
    const vectors = [
      // Twice the same is once; a whole number is none to it; -1 leaves a member out.
      '{"vector":[{"select":"shard=0","weight":2.0},{"select":"inet=10.0.0.0:80","weight":1.5}]}',
      '{"vector":[{"select":"shard=0","weight":2.0},{"select":"inet=10.0.0.0:80","weight":1.5}]}',
      '{"vector":[{"select":"shard=1","weight":2}]}',
      '{"vector":[{"select":"shard=2","weight":-1.0}]}',
    ];
    for (const [i, data] of vectors.entries()) await zk.create(`${set}/vector_${i}`, data);
    await resolved(set, [
      { address: '10.0.0.0', port: 80, weight: 3 },
      { address: '10.0.0.1', port: 80, weight: 1 },
      { address: '10.0.0.3', port: 80, weight: 1 },
    ]);
    const service = await read('vectors');
    assert.deepEqual(
      service?.endpoints.map(({ weight }) => weight),
      [300, 200, 0, 100],
    );
  });
});
