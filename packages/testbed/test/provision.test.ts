import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterEach, test } from 'node:test';
import { component, provision, skipWithout, tempDir } from '../src/index.ts';
import { run } from '../src/process/command.ts';

const program = resolve(import.meta.dirname, '../src/provision.ts');
const { PATH, MESHKEEPER_TESTBED_ENVOY, CI } = process.env;
afterEach(() => {
  for (const [name, value] of Object.entries({ PATH, MESHKEEPER_TESTBED_ENVOY, CI })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test('two at the same time install once', { skip: skipWithout('zookeeper') }, async () => {
  await using cache = await tempDir();
  const lines: string[] = [];
  const options = {
    cache: cache.path,
    components: ['zookeeper'] as const,
    log: (line: string) => lines.push(line),
  };
  const [one, other] = await Promise.all([provision(options), provision(options)]);
  assert.deepEqual(one, other);
  assert.deepEqual(one.get('zookeeper'), component('zookeeper', cache.path));
  assert.equal(one.get('zookeeper')?.ok, true);
  assert.equal(lines.filter((line) => line.endsWith('installing')).length, 1);
  assert.equal((await readdir(cache.path)).length, 1, 'no lock and no partial folder is left');
});

test('what cannot be had is recorded with the reason', async () => {
  await using cache = await tempDir();
  process.env.PATH = cache.path;
  const result = await provision({ cache: cache.path, components: ['kazoo'] });
  const found = component('kazoo', cache.path);
  assert.deepEqual(result.get('kazoo'), found);
  assert(!found.ok);
  assert.equal(found.reason, 'there is no program python3');
  assert.match(found.hint, /it needs Python 3 .* MESHKEEPER_TESTBED_KAZOO/);
});

test('a variable points to an own installation', () => {
  process.env.MESHKEEPER_TESTBED_ENVOY = process.execPath;
  assert.deepEqual(component('envoy'), { ok: true, path: process.execPath });
});

test('a missing component skips tests, and fails with CI=true', async () => {
  process.env.MESHKEEPER_TESTBED_ENVOY = '/nowhere/envoy';
  process.env.CI = 'false';
  assert.match(String(skipWithout('envoy')), /no envoy: there is no \/nowhere\/envoy; correct/);
  const args = ['--conditions=source', program];
  const local = await run(process.execPath, args);
  assert.match(local.stderr, /no envoy, its tests are skipped/);
  assert.equal(local.code, 0);
  process.env.CI = 'true';
  assert.equal(skipWithout('envoy'), false);
  const ci = await run(process.execPath, args);
  assert.match(ci.stderr, /failed, since CI=true: envoy missing/);
  assert.equal(ci.code, 1);
});
