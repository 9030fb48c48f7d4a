import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { CreateMode, connect } from '@meshkeeper/zookeeper';
import { servers } from '../servers.ts';
import { Follower } from './follower.ts';

for (const [name, start] of Object.entries(servers))
  test(`a session's end is one, however its events come: ${name}`, async () => {
    await using server = await start();
    await using zk = await connect({ connect: server.connect });
    await zk.create('/t');
    await using follower = new Follower(zk, '/t');
    await until(() => follower.settled);
    const nodes = Array.from({ length: 20 }, (_, i) => `/t/${i}`);
    const register = async () => {
      const session = await connect({ connect: server.connect });
      await Promise.all(
        nodes.map((path) => session.create(path, '', { mode: CreateMode.EPHEMERAL })),
      );
      await until(() => follower.tree.size === nodes.length + 1);
      return session;
    };
    const departures = () =>
      follower.events
        .splice(0)
        .flatMap((event) => (event.type === 'changes' ? event.removed : []))
        .map(({ departure }) => departure);
    for (let round = 0; round < 20; round++) {
      const session = await register();
      departures();
      await session.close();
      await until(() => follower.tree.size === 1);
      assert.deepEqual(new Set(departures()), new Set(['session-ended']));
    }
    // One that its owner deletes is another matter.
    await using session = await register();
    departures();
    for (const path of nodes.slice(0, 10)) await session.delete(path);
    await until(() => follower.tree.size === 11);
    assert.deepEqual(new Set(departures()), new Set(['deregistered']));
  });
