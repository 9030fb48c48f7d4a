import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateMode, connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { collect, dubbo, lint, serverset } from '../../src/index.ts';
import { servers } from '../servers.ts';

for (const [name, start] of Object.entries(servers))
  describe(`lint on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect });
    });
    after(async () => {
      await zk?.close();
      await server?.close();
    });
    const put = async (path: string, data: string | Buffer = '') => {
      const parents = path.split('/').slice(1, -1);
      for (const [i] of parents.entries()) {
        const above = `/${parents.slice(0, i + 1).join('/')}`;
        if ((await zk.exists(above)) === null) await zk.create(above);
      }
      await zk.create(path, data);
    };

    test('reads it all, and deletes only what nobody needs and nobody has changed since', async () => {
      const metadata = { 'register-mode': 'instance', application: 'shop' };
      const said = { service: 'com.A', address: '10.0.0.1', port: 1, protocol: 'dubbo' as const };
      const encoded = (application: string) =>
        dubbo.encode('/dubbo', { ...said, metadata: { ...metadata, application } }, 5);
      for (const { path, data } of encoded('shop')) await put(path, data);
      const [, orphan] = encoded('gone');
      const [, changing] = encoded('back');
      for (const entry of [orphan!, changing!]) await put(entry.path, entry.data);
      await put('/dubbo/com.Gone/providers');
      await put('/dubbo/com.Again/providers');
      await put('/set/a/member_0000000001', 'broken');
      await put('/set/empty');
      const registries = [
        { name: 'dubbo', dialect: dubbo, zk },
        { name: 'set', dialect: serverset, root: '/set', zk },
      ];
      const report = await lint(registries);
      assert.deepEqual(
        report.registries.map(({ name, root, instances }) => [name, root, instances]),
        [
          ['dubbo', '/dubbo', 1],
          ['set', '/set', 0],
        ],
      );
      assert.deepEqual(
        report.findings.map(({ code, path }) => `${code} ${path}`),
        [
          'malformed /set/a/member_0000000001',
          'empty-directory /dubbo/com.Again',
          'empty-directory /dubbo/com.Again/providers',
          'empty-directory /dubbo/com.Gone',
          'empty-directory /dubbo/com.Gone/providers',
          `orphaned-revision ${changing!.path}`,
          `orphaned-revision ${orphan!.path}`,
          'empty-directory /set/empty',
        ],
      );
      assert.equal(report.findings[0]?.collectable, undefined);

      // Before somebody has said yes, one comes back, and one is written to.
      const [url] = dubbo.encode('/dubbo', { ...said, service: 'com.Again' }, 5);
      await zk.create(url!.path, url!.data, { mode: CreateMode.EPHEMERAL });
      await zk.set(changing!.path, changing!.data);
      const outcome = new Map(
        (await collect(registries, report.findings)).map(({ path, outcome }) => [path, outcome]),
      );
      assert.deepEqual(
        outcome,
        new Map([
          ['/dubbo/com.Gone/providers', 'deleted'],
          ['/dubbo/com.Gone', 'deleted'],
          [orphan!.path, 'deleted'],
          ['/dubbo/com.Again', 'kept'],
          ['/dubbo/com.Again/providers', 'kept'],
          [changing!.path, 'kept'],
          ['/set/empty', 'deleted'],
        ]),
      );
      for (const [path, what] of outcome)
        assert.equal((await zk.exists(path)) === null, what === 'deleted', path);
      assert.equal(String((await zk.get('/set/a/member_0000000001')).data), 'broken');
      const again = await lint(registries);
      assert.deepEqual(
        again.findings.map(({ code, path }) => `${code} ${path}`),
        ['malformed /set/a/member_0000000001', `orphaned-revision ${changing!.path}`],
      );
    });
  });
