import assert from 'node:assert/strict';
import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';
import type { Resolved } from '../../src/client/resolved.ts';
import { Snapshot } from '../../src/client/snapshot.ts';
import { writeAtomically } from '../../src/client/write-atomically.ts';
import { code } from '../stage.ts';

const request = { application: 'shop', profiles: ['prod'], secrets: true };
const from = { application: 'shop', namespace: 'default', release: 1 };
const resolved: Resolved = {
  ...{ application: 'shop', profiles: ['prod'], digest: 'd', revision: '7', stale: false },
  values: {
    plain: { type: 'text', value: 'visible', from },
    password: { type: 'secret', value: 'hunter2', from },
  },
  layers: [from],
};

test('without a key secrets are left out; with one they are there, and nobody can read it', async () => {
  await using dir = await tempDir();
  const plain = new Snapshot(dir.path, request);
  await plain.write(resolved);
  const text = await readFile(plain.file, 'utf8');
  assert.ok(text.includes('visible') && !text.includes('hunter2'));
  const { value: _, ...hidden } = resolved.values.password!;
  const values = { ...resolved.values, password: hidden };
  assert.deepEqual(await plain.read(), { ...resolved, values });

  const key = Buffer.alloc(32, 7);
  const sealed = new Snapshot(dir.path, request, key.toString('base64'));
  await sealed.write(resolved);
  const bytes = await readFile(sealed.file);
  assert.ok(!bytes.includes('visible') && !bytes.includes('hunter2'));
  assert.deepEqual(await sealed.read(), resolved);
  assert.equal(await plain.read(), undefined);
  assert.equal(await new Snapshot(dir.path, request, Buffer.alloc(32, 8)).read(), undefined);
  assert.throws(() => new Snapshot(dir.path, request, 'short'), code('NOT_VALID'));
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(sealed.file, bytes);
  assert.equal(await sealed.read(), undefined);
});

test('half of a file is none, and another question has another file', async () => {
  await using dir = await tempDir();
  const snapshot = new Snapshot(dir.path, request);
  await snapshot.write(resolved);
  await writeFile(snapshot.file, (await readFile(snapshot.file)).subarray(0, 50));
  assert.equal(await snapshot.read(), undefined);
  const others = [{ instance: 'a' }, { labels: { a: 'b' } }, { secrets: false }, { profiles: [] }];
  const files = others.map((other) => new Snapshot(dir.path, { ...request, ...other }).file);
  assert.equal(new Set([...files, snapshot.file]).size, 5);
});

test('a file is replaced as a whole, and keeps its mode; a link stays one', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'file');
  await writeAtomically(file, 'a', { mode: 0o640 });
  assert.equal((await stat(file)).mode & 0o777, 0o640);
  await chmod(file, 0o604);
  const { ino } = await stat(file);
  const link = join(dir.path, 'link');
  await symlink('file', link);
  await writeAtomically(link, 'b', { mode: 0o600 });
  assert.equal(await readFile(file, 'utf8'), 'b');
  assert.equal((await stat(file)).mode & 0o777, 0o604);
  assert.notEqual((await stat(file)).ino, ino);
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.deepEqual((await readdir(dir.path)).sort(), ['file', 'link']);
});
