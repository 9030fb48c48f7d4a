import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations, type Stat, Writer } from '@meshkeeper/jute';
import { NodeStore } from '../../src/cache/node-store.ts';
import { joinPath, parentOf } from '../../src/path.ts';
import { seeded } from '../support/random-writes.ts';

const ROUNDS = 20_000;
const stat: Stat = {
  czxid: 1n,
  mzxid: 2n,
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 8n,
  dataLength: 0,
  numChildren: 9,
  pzxid: 10n,
};

function recordOf(text: string): Buffer {
  const writer = new Writer();
  operations.getData.response.write(writer, { data: Buffer.from(text), stat });
  return writer.take();
}

const isBelow = (path: string, root: string) =>
  path.startsWith(root === '/' ? root : `${root}/`) && path !== root;

for (const root of ['/', '/the/root']) {
  test(`a store at ${root} is as a plain map of paths is`, () => {
    const random = seeded(20_265);
    const store = new NodeStore(root);
    /** Undefined: the name is kept, nothing of the znode is known. */
    const model = new Map<string, string | undefined>([[root, undefined]]);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const names = Array.from({ length: 40 }, (_, i) => `näme-${i}`.slice(i % 3));
    const anyPath = () => {
      let path = root;
      for (let depth = Math.floor(random() * 4); depth > 0; depth--)
        path = joinPath(path, pick(names));
      return path;
    };
    const keep = (path: string) => {
      for (let at = path; !model.has(at); at = parentOf(at)) model.set(at, undefined);
    };
    const known = () => [...model].filter(([, text]) => text !== undefined).map(([path]) => path);
    const childrenOf = (path: string) =>
      [...model.keys()].filter((at) => at !== root && parentOf(at) === path);
    for (let i = 0; i < ROUNDS; i++) {
      const path = anyPath();
      const what = random();
      if (what < 0.6) {
        const text = `${i} ${random()}`;
        store.put(path, recordOf(text));
        keep(path);
        model.set(path, text);
      } else if (what < 0.75) {
        const below = [...model.keys()].filter((at) => at === path || isBelow(at, path));
        const gone = below.filter((at) => model.get(at) !== undefined);
        assert.deepEqual(store.remove(path).toSorted(), gone.toSorted());
        for (const at of below) model.delete(at);
        keep(root);
      } else if (what < 0.85) {
        assert.equal(store.forget(path), model.get(path) !== undefined);
        if (model.has(path)) model.set(path, undefined);
      } else {
        const expected = [pick(names), pick(names)];
        store.expect(path, expected);
        if (model.has(path)) for (const name of expected) keep(joinPath(path, name));
      }
      assert.equal(store.get(path)?.data.toString(), model.get(path));
      assert.equal(store.has(path), model.get(path) !== undefined);
      if (i % 500 > 0) continue;
      assert.equal(store.size, known().length);
      const paths = [...store.paths()];
      assert.deepEqual(paths.toSorted(), known().toSorted());
      const order = new Map(paths.map((at, n) => [at, n]));
      for (const [at, n] of order)
        assert.ok((order.get(parentOf(at)) ?? -1) < n || at === '/', 'parents come first');
      for (const at of [root, path]) {
        const all = childrenOf(at);
        const unread = all.filter((child) => model.get(child) === undefined);
        assert.deepEqual([...store.unread(at)].toSorted(), unread.toSorted());
        assert.equal(store.hasEntries(at), all.length > 0);
        assert.equal(store.entries(at).length, all.length);
        const names = store.children(at)?.map((name) => joinPath(at, name));
        const there = all.filter((child) => model.get(child) !== undefined);
        const isThere = there.length > 0 || model.get(at) !== undefined;
        assert.deepEqual(names?.toSorted(), isThere ? there.toSorted() : undefined);
      }
    }
    assert.deepEqual(store.get(known()[0]!)?.stat, stat);
  });
}

test('what stays is walked over, whatever else comes and goes meanwhile', () => {
  const random = seeded(20_266);
  const store = new NodeStore('/');
  const stays = Array.from({ length: 500 }, (_, i) => `/s${i % 20}/t${i}`);
  const goes = (i: number) => `/s${i % 20}/u${i}`;
  for (const path of stays) store.put(path, recordOf(path));
  for (let i = 0; i < 500; i++) store.put(goes(i), recordOf('x'));
  const seen = new Set<string>();
  for (const path of store.paths()) {
    seen.add(path);
    for (let i = 0; i < 5; i++) {
      const other = goes(Math.floor(random() * 500));
      if (store.remove(other).length === 0) store.put(other, recordOf('y'));
      else store.put(`/v${Math.floor(random() * 9)}/w`, recordOf('z')); // takes the number over
    }
  }
  for (const path of stays) assert.ok(seen.has(path), path);
});
