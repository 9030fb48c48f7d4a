import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { CreateMode, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { GroupMember, PersistentNode, watchMembers } from '../src/index.ts';
import { servers } from './servers.ts';
import { code, stage } from './stage.ts';

/** What a stream of members has shown, as texts. */
function watching(zk: ZooKeeper, path: string) {
  const stop = new AbortController();
  const seen: Record<string, string>[] = [];
  const done = (async () => {
    for await (const members of watchMembers(zk, path, stop.signal))
      seen.push(Object.fromEntries([...members].map(([id, data]) => [id, data.toString()])));
  })();
  return {
    seen,
    now: (expected: Record<string, string>) =>
      until(() => {
        assert.deepEqual(seen.at(-1), expected);
        return true;
      }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

describe('membership', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers)) {
    describe(`membership on ${name}`, { concurrency: true }, () => {
      const on = stage(start, true);

      test('members come, change and go', async () => {
        const at = on.path();
        await using group = watching(on.zk, at);
        await group.now({});
        await using a = new GroupMember(on.zk, at, { id: 'a', data: '1' });
        await a.joined({ timeout: 5000 });
        await using b = new GroupMember(on.other, at, { id: 'b', data: '2' });
        await group.now({ a: '1', b: '2' });
        await b.setData('3');
        await group.now({ a: '1', b: '3' });
        await a.close();
        await group.now({ b: '3' });
        await b.close();
        await group.now({});
        await assert.rejects(a.joined(), code('ILLEGAL_STATE'));
      });

      test('data that changes while the node is being created is its data', async () => {
        const at = on.path();
        await using node = new PersistentNode(on.zk, at, 'first');
        await node.setData('second');
        await node.ready();
        await until(async () => `${(await on.other.get(at)).data}` === 'second');
      });

      test('a node is created again after a delete and after an expiry', async () => {
        const at = on.path();
        await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
        await using member = new GroupMember(faulty.zk, at, { id: 'a', data: '1' });
        await member.joined();
        await using group = watching(on.zk, at);
        await group.now({ a: '1' });
        const created = async () => (await on.zk.exists(joinPath(at, 'a')))?.czxid;
        const first = await created();
        await on.zk.delete(joinPath(at, 'a'));
        await until(async () => ((await created()) ?? first) !== first);
        await member.setData('2');
        await faulty.expire();
        await until(async () => {
          const { state } = faulty.zk;
          const stat = await on.zk.exists(joinPath(at, 'a'));
          return state.type === 'connected' && stat?.ephemeralOwner === state.sessionId;
        });
        await group.now({ a: '2' });
      });

      test("what a dead process left is replaced without a gap, and doesn't vanish with it", async () => {
        const at = on.path();
        await using faulty = await on.faulty({ sessionTimeout: 800 });
        await using old = new GroupMember(faulty.zk, at, { id: 'a', data: 'old' });
        await old.joined();
        await using group = watching(on.zk, at);
        await group.now({ a: 'old' });
        await using young = new GroupMember(on.other, at, { id: 'a', data: 'young' });
        await group.now({ a: 'young' });
        // The older one doesn't fight back: it is there again when the younger one has left.
        await young.close();
        await group.now({ a: 'old' });
        await using third = new GroupMember(on.other, at, { id: 'a', data: 'third' });
        await group.now({ a: 'third' });
        await faulty.expire();
        await old.close();
        await third.setData('still there');
        await group.now({ a: 'still there' });
        const replacing = group.seen.slice(group.seen.findIndex(({ a }) => a === 'old'));
        assert.ok(replacing[0]?.a === 'old' && replacing[1]?.a === 'young', 'no gap');
      });

      test('protected, sequential and lasting nodes', async () => {
        const at = on.path();
        const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
        await using node = new PersistentNode(on.zk, `${at}/n-`, 'x', { mode });
        const path = await node.ready();
        assert.match(path, /\/_c_[0-9a-f-]{36}-n-\d{10}$/);
        await on.other.delete(path);
        await until(() => node.path !== undefined && node.path !== path);
        const lasting = new PersistentNode(on.zk, `${at}/p`, 'x', { mode: CreateMode.PERSISTENT });
        assert.equal(await lasting.ready(), `${at}/p`);
        assert.equal((await on.zk.exists(`${at}/p`))?.ephemeralOwner, 0n);
        await lasting.close();
        assert.equal(await on.zk.exists(`${at}/p`), null);
      });

      test('connections that break while a node is made', async () => {
        const at = on.path();
        await using faulty = await on.faulty();
        for (let i = 0; i < 6; i++) {
          await using node = new PersistentNode(faulty.zk, `${at}/n`, `${i}`);
          setImmediate(() => faulty.proxy.cut());
          await node.ready({ timeout: 9000 });
          assert.equal((await on.zk.get(`${at}/n`)).data.toString(), `${i}`);
          await node.close();
          assert.deepEqual(await on.names(at), []);
        }
      });

      test('members with Curator', async () => {
        const { recipes } = on.curator;
        const at = on.path();
        await recipes.memberJoin(at, 'java', 'jvm');
        await using group = watching(on.zk, at);
        await group.now({ java: 'jvm' });
        await using member = new GroupMember(on.zk, at, { id: 'node', data: 'v8' });
        await group.now({ java: 'jvm', node: 'v8' });
        await until(async () => {
          assert.deepEqual(await recipes.memberList(at), { java: 'jvm', node: 'v8' });
          return true;
        });
        await recipes.memberLeave(at);
        await group.now({ node: 'v8' });
        assert.equal(member.id, 'node');
      });
    });
  }
});
