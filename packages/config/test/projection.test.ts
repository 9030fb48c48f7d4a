import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import fc from 'fast-check';
import { digestOf } from '../src/content/chunk.ts';
import { documentOf } from '../src/model/content.ts';
import type { Entry } from '../src/model/entry.ts';
import { dubboLayout } from '../src/projection/dubbo.ts';
import { type CurrentNode, planProjection } from '../src/projection/plan.ts';
import { Projector } from '../src/projection/projector.ts';
import { springLayout } from '../src/projection/spring.ts';
import type { Published } from '../src/projection/wanted.ts';
import { onServers } from './stage.ts';

const keys = (
  application: string,
  namespace: string,
  values: Readonly<Record<string, string>>,
): Published => {
  const entries = Object.entries(values).map(([key, value]): [string, Entry] => [
    key,
    { type: 'text', value },
  ]);
  return { application, namespace, content: { format: 'keys', entries: new Map(entries) } };
};
const textsOf = (nodes: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries([...nodes].map(([path, data]) => [path, data.toString()]));

test("Spring's layout is a context a namespace, and a znode a key", () => {
  const secret: Entry = { type: 'secret', secret: 'x', digest: 'y' };
  const { nodes, problems } = springLayout([
    keys('application', 'default', { 'a.b': '1' }),
    { application: 'shop', namespace: 'prod', content: documentOf('yaml', 'c: { d: [2] }') },
    keys('shop', 'default', { 'a/b': 'x', '..': 'x', long: 'x'.repeat(1_100_000) }),
    {
      application: 'shop',
      namespace: 'x',
      content: { format: 'keys', entries: new Map([['s', secret]]) },
    },
  ]);
  assert.deepEqual(textsOf(nodes), {
    '/config/application': '',
    '/config/application/a.b': '1',
    '/config/shop,prod': '',
    '/config/shop,prod/c.d[0]': '2',
  });
  assert.equal(problems.length, 4);
});

test("Dubbo's layout is a group an application, and a znode a data id", () => {
  const { nodes } = dubboLayout([
    keys('application', 'default', { 'dubbo.properties': 'a=1' }),
    keys('shop', 'default', { 'io.Greeter:1.0:.configurators': 'x' }),
    keys('shop', 'prod', { ignored: 'x' }),
    { application: 'shop', namespace: 'rules.yaml', content: documentOf('yaml', 'a: 1') },
    { application: 'pay', namespace: 'default', content: documentOf('properties', 'b=1') },
  ]);
  assert.deepEqual(textsOf(nodes), {
    '/dubbo/config/dubbo': '',
    '/dubbo/config/dubbo/dubbo.properties': 'a=1',
    '/dubbo/config/shop': '',
    '/dubbo/config/shop/io.Greeter:1.0:.configurators': 'x',
    '/dubbo/config/shop/rules.yaml': 'a: 1',
    '/dubbo/config/pay': '',
    '/dubbo/config/pay/dubbo.properties': 'b=1',
  });
});

test('a plan changes what is ours, and nothing else', () => {
  const value = fc.constantFrom('1', '2', '3').map((text) => Buffer.from(text));
  const tree = fc.dictionary(fc.constantFrom('/c/a', '/c/b', '/c/d', '/c/e'), value);
  fc.assert(
    fc.property(tree, tree, tree, (want, wrote, is) => {
      const wanted = new Map(Object.entries(want));
      const owned = new Map(Object.entries(wrote).map(([path, data]) => [path, digestOf(data)]));
      const current = new Map(
        Object.entries(is).map(([path, data]): [string, CurrentNode] => [
          path,
          { data, stat: { version: 0, numChildren: 0 } },
        ]),
      );
      const { writes, conflicts } = planProjection(wanted, owned, current);
      const after = new Map([...current].map(([path, { data }]) => [path, data]));
      for (const { op } of writes)
        if (op.op === 'delete') after.delete(op.path);
        else if (op.op !== 'check') after.set(op.path, Buffer.from(op.data ?? ''));
      for (const [path, { data }] of current) {
        const ours = owned.get(path) === digestOf(data);
        if (!ours) assert.equal(after.get(path), data, 'what is not ours stays');
        else assert.deepEqual(after.get(path), wanted.get(path));
      }
      for (const [path, data] of wanted)
        if (!conflicts.some((each) => each.path === path)) assert.deepEqual(after.get(path), data);
    }),
  );
});

onServers('a projection', (stage) => {
  const { signal } = stage;
  const open = () => {
    const root = `/config-${randomUUID()}`;
    const projector = new Projector({ zk: stage.zk, root, name: 'spring' });
    const tree = `${root}/spring`;
    const read = async (path = tree): Promise<Record<string, string>> => {
      const { children } = await stage.zk.children(path);
      const all: Record<string, string> = {};
      for (const child of [...children].sort()) {
        const { data, stat } = await stage.zk.get(`${path}/${child}`);
        if (stat.numChildren === 0) all[`${path}/${child}`.slice(tree.length)] = data.toString();
        Object.assign(all, await read(`${path}/${child}`));
      }
      return all;
    };
    const apply = (...namespaces: Published[]) =>
      projector.apply(springLayout(namespaces, tree), signal);
    return { root, tree, read, apply };
  };

  test('is made, changed and removed again; what others write stays', async () => {
    const { tree, read, apply } = open();
    const first = await apply(
      keys('shop', 'default', { a: '1', b: '1' }),
      keys('shop', 'prod', { a: '2' }),
    );
    assert.deepEqual(first, { written: 5, removed: 0, problems: [] });
    assert.deepEqual(await read(), { '/shop/a': '1', '/shop/b': '1', '/shop,prod/a': '2' });
    await stage.zk.create(`${tree}/shop/foreign`, 'x');
    await stage.zk.set(`${tree}/shop/b`, 'changed');
    const second = await apply(keys('shop', 'default', { a: '9', b: '9', foreign: 'y' }));
    assert.deepEqual(
      second.problems.map(({ path }) => path.slice(tree.length)),
      ['/shop/b', '/shop/foreign'],
    );
    assert.deepEqual([second.written, second.removed], [1, 2]);
    assert.deepEqual(await read(), { '/shop/a': '9', '/shop/b': 'changed', '/shop/foreign': 'x' });
    assert.deepEqual((await apply(keys('shop', 'default', { a: '9' }))).written, 0);
    await apply();
    assert.deepEqual(await read(), { '/shop/b': 'changed', '/shop/foreign': 'x' });
  });

  test('of many keys comes through what breaks, and leaves nothing over', async () => {
    await using faulty = await stage.faulty();
    const { root, tree, read } = open();
    const projector = new Projector({ zk: faulty.zk, root, name: 'spring' });
    const values = Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => [`k${i}`, `${i}`]));
    const applied = projector.apply(springLayout([keys('shop', 'default', values)], tree), signal);
    for (const after of [1, 800, 1_700]) {
      await until(async () => ((await stage.zk.exists(`${tree}/shop`))?.numChildren ?? 0) > after);
      faulty.proxy.cut();
    }
    await applied;
    assert.equal(Object.keys(await read()).length, 2_500);
    await new Projector({ zk: stage.zk, root, name: 'spring' }).apply(
      springLayout([], tree),
      signal,
    );
    assert.deepEqual(await read(), {});
    const { children } = await stage.zk.children(`${root}/_projections/spring/content`);
    assert.equal(children.length, 1, 'what was ours is forgotten');
  });
});
