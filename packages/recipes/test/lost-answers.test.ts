import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, parseConnectString } from '@meshkeeper/zookeeper';
import { Mutex, PersistentNode, Queue } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { stage } from './stage.ts';

onServers('a create whose answer is lost', (start) => {
  const on = stage(start);

  /** A session that says what it asks, and can be made to lose answers. */
  async function watched() {
    const proxy = await startFaultProxy({ target: parseConnectString(on.connect).hosts[0]! });
    const asked: string[] = [];
    let armed = false;
    const call = ({ operation }: { readonly operation: string }) => {
      asked.push(operation);
      // It is sent after this.
      if (armed && operation.startsWith('create')) proxy.stall('to client');
      return undefined;
    };
    const zk = await connect({ connect: proxy.connect, observers: [{ call }] });
    return {
      zk,
      /** Loses the answer to the create that this makes: what is asked behind the sync after it, and what comes of it. */
      async losing<T>(
        begin: () => Promise<T>,
      ): Promise<{ next: string | undefined; outcome: Promise<T> }> {
        const before = asked.length;
        armed = true;
        const outcome = begin();
        const isCreate = (name: string, i: number) => i >= before && name.startsWith('create');
        await until(() => asked.some(isCreate));
        armed = false;
        proxy.cut();
        proxy.unstall();
        const sync = await until(() => {
          const at = asked.indexOf('sync', before);
          return asked.length > at + 1 && at >= 0 ? at : undefined;
        });
        return { next: asked[sync + 1], outcome };
      },
      async [Symbol.asyncDispose]() {
        await zk.close();
        await proxy.close();
      },
    };
  }

  // On an ensemble it may still be on its way when the next connection reads: only behind a sync, which
  // goes the same way, does a read tell. This can't be seen from the outcome but once in a while.
  test('of a lock is looked for behind a sync', async () => {
    await using session = await watched();
    const at = on.path();
    await session.zk.create(at, null, { parents: true });
    const lock = new Mutex(session.zk, at);
    const { next, outcome } = await session.losing(() => lock.acquire());
    assert.equal(next, 'getChildren2');
    await (await outcome).release();
    assert.deepEqual(await on.names(at), []);
  });

  test('of a claim is looked for behind a sync', async () => {
    await using session = await watched();
    const [at, lockPath] = [on.path(), on.path()];
    await session.zk.create(lockPath, null, { parents: true });
    const queue = new Queue(session.zk, at, { lockPath });
    await queue.put(['x']);
    const { next, outcome } = await session.losing(() => queue.claim());
    assert.equal(next, 'exists');
    await (await outcome).done();
    assert.deepEqual(await on.names(lockPath), []);
  });

  test('of a node that is closed meanwhile is looked for behind a sync', async () => {
    await using session = await watched();
    const at = on.path();
    await session.zk.create(at, null, { parents: true });
    const make = () => new PersistentNode(session.zk, `${at}/n`, 'x');
    const { next, outcome } = await session.losing(() => make().close());
    assert.equal(next, 'exists');
    await outcome;
    assert.deepEqual(await on.names(at), []);
  });
});
