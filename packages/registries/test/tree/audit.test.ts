import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startFrameProxy } from '../../../zookeeper/test/support/frame-proxy.ts';
import { servers } from '../servers.ts';
import { Follower } from './follower.ts';

/** The xid of a watch event. */
const NOTIFICATION = -1;

for (const [name, start] of Object.entries(servers))
  for (const recursive of [true, false])
    test(`events that were lost are found: ${name}, ${recursive ? 'a recursive watch' : 'one-shot watches'}`, async () => {
      await using server = await start();
      await using proxy = await startFrameProxy(server.connect);
      await using writer = await connect({ connect: server.connect });
      await using zk = await connect({ connect: proxy.connect });
      await writer.create('/t/s/a', '1', { parents: true });
      await using follower = new Follower(zk, '/t', { recursive, audit: 20 });
      const lose = async (write: () => Promise<unknown>, expected: Record<string, string>) => {
        await until(() => follower.settled);
        const { resets } = follower;
        let lost = 0;
        proxy.rules.fromServer = (frame) => {
          if (frame.readInt32BE(0) !== NOTIFICATION) return 'pass';
          lost++;
          return 'drop';
        };
        await write();
        await until(() => lost > 0);
        proxy.rules.fromServer = undefined;
        await until(() => follower.resets > resets);
        assert.deepEqual(follower.shown, expected);
      };
      await lose(() => writer.set('/t/s/a', '2'), { '/t': '', '/t/s': '', '/t/s/a': '2' });
      await lose(() => writer.create('/t/s/b', '3'), {
        ...{ '/t': '', '/t/s': '', '/t/s/a': '2', '/t/s/b': '3' },
      });
      await lose(() => writer.delete('/t/s/b'), { '/t': '', '/t/s': '', '/t/s/a': '2' });
    });

test('where nothing was lost nothing is found, however much happens', async () => {
  await using server = await servers['embedded server']();
  await using writer = await connect({ connect: server.connect });
  await using zk = await connect({ connect: server.connect });
  await writer.create('/t');
  await using follower = new Follower(zk, '/t', { audit: 5 });
  await until(() => follower.resets === 1);
  for (let round = 0; round < 200; round++) {
    const path = `/t/${round % 7}`;
    if (follower.tree.has(path)) await writer.delete(path).catch(() => {});
    else await writer.create(path).catch(() => {});
  }
  const last = await writer.create('/t/last');
  await until(() => follower.tree.has(last.path));
  assert.equal(follower.resets, 1);
});
