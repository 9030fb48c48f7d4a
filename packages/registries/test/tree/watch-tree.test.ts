import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { CREATOR_ALL_ACL, connect, isZooKeeperError, OPEN_ACL } from '@meshkeeper/zookeeper';
import { servers } from '../servers.ts';
import { stage } from '../stage.ts';
import { Follower, readTree } from './follower.ts';
import { writeInRounds } from './random-writes.ts';

describe('watchTree', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers))
    for (const recursive of [true, false])
      describe(`on ${name}, ${recursive ? 'a recursive watch' : 'one-shot watches'}`, () => {
        const on = stage(start);
        const shows = (follower: Follower, tree: Record<string, string>) =>
          until(() => {
            assert.deepEqual(follower.shown, tree);
            return true;
          });

        test('all there is first, then what changes', async () => {
          const root = on.fresh();
          await on.zk.create(root, 'r');
          await on.zk.create(`${root}/a`, '1');
          await on.zk.create(`${root}/a/x`, '2');
          await using follower = new Follower(on.zk, root, { recursive });
          await shows(follower, { [root]: 'r', [`${root}/a`]: '1', [`${root}/a/x`]: '2' });
          await until(() => follower.resets === 1);
          await on.zk.create(`${root}/b`, '3');
          await on.zk.create(`${root}/b/y`, '4');
          await on.zk.create(`${root}/b/y/z`, '5');
          await on.zk.set(`${root}/a`, '1!');
          await on.zk.delete(`${root}/a/x`);
          const b = { [`${root}/b`]: '3', [`${root}/b/y`]: '4', [`${root}/b/y/z`]: '5' };
          await shows(follower, { [root]: 'r', [`${root}/a`]: '1!', ...b });
          await on.zk.set(`${root}/b/y/z`, '5!');
          await on.zk.delete(`${root}/a`);
          await shows(follower, { [root]: 'r', ...b, [`${root}/b/y/z`]: '5!' });
          assert.equal(follower.resets, 1);
        });

        test('deleted and created again, at once and with children', async () => {
          const root = on.fresh();
          await on.zk.create(root);
          await on.zk.create(`${root}/a`, 'old');
          await on.zk.create(`${root}/a/x`, 'old');
          await using follower = new Follower(on.zk, root, { recursive });
          await until(() => follower.tree.size === 3);
          for (let round = 0; round < 20; round++) {
            await Promise.all([
              on.zk.delete(`${root}/a/x`),
              on.zk.delete(`${root}/a`),
              on.zk.create(`${root}/a`, `${round}`),
              on.zk.create(`${root}/a/x`, `x${round}`),
            ]);
            if (round % 5 !== 4) continue;
            await shows(follower, {
              [root]: '',
              [`${root}/a`]: `${round}`,
              [`${root}/a/x`]: `x${round}`,
            });
          }
          assert.equal(follower.resets, 1);
        });

        test('a root that comes, goes and comes again', async () => {
          const root = on.fresh();
          await using follower = new Follower(on.zk, root, { recursive });
          await until(() => follower.resets === 1);
          assert.deepEqual(follower.shown, {});
          for (const round of ['1', '2', '3']) {
            await on.zk.create(root, round);
            await on.zk.create(`${root}/a`, round);
            await shows(follower, { [root]: round, [`${root}/a`]: round });
            await on.zk.create(`${root}/a/b`);
            await shows(follower, { [root]: round, [`${root}/a`]: round, [`${root}/a/b`]: '' });
            await on.zk.delete(`${root}/a/b`);
            await on.zk.delete(`${root}/a`);
            await on.zk.delete(root);
            await shows(follower, {});
          }
        });

        test('after a cut connection what changed meanwhile', async () => {
          const root = on.fresh();
          await on.zk.create(root);
          await on.zk.create(`${root}/stays`, '1');
          await on.zk.create(`${root}/goes`, '1');
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({ connect: proxy.connect });
          await using follower = new Follower(client, root, { recursive });
          await until(() => follower.tree.size === 3);
          proxy.refuse();
          proxy.cut();
          await until(() => client.state.type === 'disconnected');
          await on.zk.set(`${root}/stays`, '2');
          await on.zk.delete(`${root}/goes`);
          await on.zk.create(`${root}/came`, '2');
          await proxy.accept();
          await until(() => follower.resets === 2);
          assert.deepEqual(follower.shown, {
            [root]: '',
            [`${root}/came`]: '2',
            [`${root}/stays`]: '2',
          });
          await on.zk.create(`${root}/later`, '3');
          await until(() => follower.tree.has(`${root}/later`));
          assert.equal(follower.resets, 2, 'one gap is one reset');
        });

        test('goes on with the session that follows an expired one', async () => {
          const root = on.fresh();
          await on.zk.create(root);
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({
            connect: proxy.connect,
            sessionTimeout: 1500,
            onExpired: 'renew',
          });
          await using follower = new Follower(client, root, { recursive });
          await until(() => follower.resets === 1);
          proxy.refuse();
          proxy.cut();
          await until(() => client.state.type === 'expired');
          await on.zk.create(`${root}/a`, '1');
          await proxy.accept();
          await shows(follower, { [root]: '', [`${root}/a`]: '1' });
          assert.equal(follower.resets, 2);
          await on.zk.set(`${root}/a`, '2');
          await shows(follower, { [root]: '', [`${root}/a`]: '2' });
        });

        test('an expired session that nobody renews is an error, not a wait', async () => {
          const root = on.fresh();
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({ connect: proxy.connect, sessionTimeout: 1500 });
          await using follower = new Follower(client, root, { recursive });
          await until(() => follower.resets === 1);
          proxy.refuse();
          proxy.cut();
          await assert.rejects(follower.ended, (error) =>
            isZooKeeperError(error, 'SESSION_EXPIRED'),
          );
          await using late = new Follower(client, root, { recursive });
          await assert.rejects(late.ended, (error) => isZooKeeperError(error, 'SESSION_EXPIRED'));
        });

        test('a znode that may not be read is reported, the others are unaffected', async () => {
          const root = on.fresh();
          await using owner = await connect({ connect: on.connect });
          await owner.addAuth('digest', 'ann:secret');
          await on.zk.create(root);
          await owner.create(`${root}/hidden`, 's', { acl: CREATOR_ALL_ACL });
          await on.zk.create(`${root}/open`, '1');
          await using follower = new Follower(on.zk, root, { recursive, retry: 50 });
          await shows(follower, { [root]: '', [`${root}/open`]: '1' });
          assert.deepEqual([...follower.unreadable.keys()], [`${root}/hidden`]);
          await on.zk.set(`${root}/open`, '2');
          await shows(follower, { [root]: '', [`${root}/open`]: '2' });
          // Servers tell nothing of it, so it is tried now and then.
          await owner.create(`${root}/hidden/below`, 'b');
          await owner.setAcl(`${root}/hidden`, OPEN_ACL);
          await shows(follower, {
            [root]: '',
            [`${root}/hidden`]: 's',
            [`${root}/hidden/below`]: 'b',
            [`${root}/open`]: '2',
          });
          assert.equal(follower.resets, 1);
        });

        test('one that may not be read and is deleted is told as removed', async () => {
          const root = on.fresh();
          await using owner = await connect({ connect: on.connect });
          await owner.addAuth('digest', 'ann:secret');
          await on.zk.create(root);
          await owner.create(`${root}/hidden`, 's', { acl: CREATOR_ALL_ACL });
          await using follower = new Follower(on.zk, root, { recursive, retry: 50 });
          await until(() => follower.unreadable.has(`${root}/hidden`));
          await owner.delete(`${root}/hidden`);
          await until(() =>
            follower.events.some(
              (event) =>
                event.type === 'changes' &&
                event.removed.some(({ path }) => path === `${root}/hidden`),
            ),
          );
        });

        test('a root that may not be read is reported, and followed when it may', async () => {
          const root = on.fresh();
          await using owner = await connect({ connect: on.connect });
          await owner.addAuth('digest', 'ann:secret');
          await owner.create(root, 's', { acl: CREATOR_ALL_ACL });
          await owner.create(`${root}/a`, '1');
          await using follower = new Follower(on.zk, root, { recursive, retry: 50 });
          await until(() => follower.unreadable.has(root));
          assert.deepEqual(follower.shown, {});
          await owner.setAcl(root, OPEN_ACL);
          await shows(follower, { [root]: 's', [`${root}/a`]: '1' });
          await on.zk.create(`${root}/b`, '2');
          await shows(follower, { [root]: 's', [`${root}/a`]: '1', [`${root}/b`]: '2' });
        });

        test('the abort of its signal ends it, whatever it waits for', async () => {
          const root = on.fresh();
          await on.zk.create(root);
          await using idle = new Follower(on.zk, root, { recursive });
          await until(() => idle.resets === 1);
          idle.stop();
          await idle.ended;
          await using starting = new Follower(on.zk, root, { recursive });
          starting.stop();
          await starting.ended;
          await using late = new Follower(on.zk, root, { recursive, signal: AbortSignal.abort() });
          await late.ended;
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({ connect: proxy.connect });
          await using away = new Follower(client, root, { recursive });
          await until(() => away.resets === 1);
          proxy.refuse();
          proxy.cut();
          await until(() => client.state.type === 'disconnected');
          away.stop();
          await away.ended;
        });

        test('the end of the client ends it', async () => {
          const root = on.fresh();
          await using client = await connect({ connect: on.connect });
          await using idle = new Follower(client, root, { recursive });
          await until(() => idle.resets === 1);
          await using starting = new Follower(client, root, { recursive });
          await client.close();
          await Promise.all([idle.ended, starting.ended]);
          await using late = new Follower(client, root, { recursive });
          await late.ended;
          assert.equal(late.events.length, 0);
        });

        test('a wide tree is read, and changes at once, without a storm', async () => {
          const root = on.fresh();
          await on.zk.create(root);
          const names = Array.from({ length: 1000 }, (_, i) => `${root}/${i}`);
          await Promise.all(names.map((path) => on.zk.create(path, 'x')));
          await using follower = new Follower(on.zk, root, { recursive });
          await until(() => follower.tree.size === 1001);
          await Promise.all(names.map((path) => on.zk.set(path, 'y')));
          await until(() => names.every((path) => follower.tree.get(path) === 'y'));
          await Promise.all(names.map((path) => on.zk.delete(path)));
          await shows(follower, { [root]: '' });
        });

        test('what it tells adds up to what there is, whatever happens', async () => {
          const root = on.fresh();
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({ connect: proxy.connect, onExpired: 'renew' });
          await using follower = new Follower(client, root, { recursive });
          await writeInRounds(on.zk, root, recursive ? 7 : 8, async (round, write) => {
            if (round % 5 === 2) proxy.cut();
            await write();
            await shows(follower, await readTree(on.zk, root));
          });
        });
      });
});
