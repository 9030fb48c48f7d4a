import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import type { outcomeView, progressView } from '../../src/api/convergence-route.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { type DataPlane, startDataPlane } from '../data-plane.ts';
import { instance } from '../instance.ts';

describe('GET /convergence', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: ControlPlane;
  let revision = 0;
  let good: DataPlane;
  let picky: DataPlane;

  const get = async (query: string) => {
    const response = await fetch(`${plane.api}/api/v1/convergence${query}`);
    // What the route answers is what its view makes.
    return (await response.json()) as ReturnType<typeof outcomeView> & { code?: string };
  };

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    await zk.create('/discovery/shop/one', instance('shop', 'one', 1001), { parents: true });
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    });
    plane = await startControlPlane({
      config,
      logger: { debug() {}, info() {}, warn() {} },
      onSnapshot: (snapshot) => {
        revision = snapshot.revision;
      },
    });
    await plane.ready;
    good = startDataPlane(plane.xds, 'good');
    picky = startDataPlane(plane.xds, 'picky', (ports) => ports.includes(666));
  });

  after(async () => {
    await Promise.all([good?.close(), picky?.close()]);
    await plane?.close();
    await zk?.close();
    await server?.close();
  });

  test('waits until the data planes have what was written', async () => {
    await until(async () => (await get('')).counts.applied === 2);
    const next = revision + 1;
    const waiting = get(`?revision=${next}&timeout=10s`);
    await zk.create('/discovery/shop/two', instance('shop', 'two', 1002));
    const outcome = await waiting;
    assert.equal(outcome.converged, true, JSON.stringify(outcome));
    assert.equal(outcome.revision, next);
    for (const each of [good, picky]) assert.deepEqual([...each.ports].sort(), [1001, 1002]);
  });

  test('an event stream tells how far they are, and who rejects what, in its words', async () => {
    const next = revision + 1;
    const response = await fetch(
      `${plane.api}/api/v1/convergence?revision=${next}&watch&timeout=10s`,
    );
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    await zk.create('/discovery/shop/bad', instance('shop', 'bad', 666));
    const events = (await response.text())
      .trim()
      .split('\n\n')
      .map((event) => {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
        return [name, JSON.parse(data ?? '')] as const;
      });
    const [first] = events;
    // What the route sends is what its views make.
    const progress = first?.[1] as ReturnType<typeof progressView>;
    assert.deepEqual(
      [first?.[0], progress.served, progress.counts.pending],
      ['progress', false, 2],
    );
    const last = events.at(-1);
    assert.equal(last?.[0], 'done');
    const done = last?.[1] as ReturnType<typeof outcomeView>;
    assert.deepEqual([done.converged, done.timedOut], [false, false]);
    assert.deepEqual(done.counts, { applied: 1, pending: 0, rejected: 1, gone: 0 });
    const [behind] = done.behind;
    assert.ok(behind?.state === 'rejected');
    const [refused] = behind.refused;
    assert.deepEqual(
      [behind.id, refused?.type, refused?.name, refused?.message, refused?.sinceRevision],
      ['picky', 'ClusterLoadAssignment', 'shop', 'not these ports', next],
    );
  });

  test('what is no revision or no duration is refused', async () => {
    for (const query of ['?revision=x', '?timeout=soon', '?timeout=1h', '?wait=1'])
      assert.equal((await get(query)).code, 'invalid-request', query);
  });
});
