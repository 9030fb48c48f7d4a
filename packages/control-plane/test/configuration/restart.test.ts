import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { freePort, tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { loadConfig, startControlPlane } from '../../src/index.ts';
import { encodeLine } from '../../src/journal/checked-line.ts';
import { callAt } from '../api/plane.ts';
import { instance } from '../instance.ts';

const PASSWORD = 'correct horse battery staple';

test('what instances get is served by a start without ZooKeeper, as stale', async () => {
  await using folder = await tempDir();
  const port = await freePort();
  const disk = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
  const file = `${folder.path}/meshkeeper.yaml`;
  writeFileSync(`${folder.path}/keys`, `first:${randomBytes(32).toString('base64')}\n`);
  writeFileSync(file, JSON.stringify({ configuration: { secrets: { keyFile: 'keys' } } }));
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    file,
    flags: {
      zookeeper: { connect: `127.0.0.1:${port}` },
      controlPlane: {
        ...{ api: { listen }, xds: { listen }, dns: { listen } },
        dataDir: `${folder.path}/data`,
      },
    },
  });
  const start = async () => {
    const complaints: string[] = [];
    const warn = (_: object, message = '') => complaints.push(message);
    const logger = { debug() {}, info() {}, warn };
    const plane = await startControlPlane({ config, logger, connectTimeout: 2_000 });
    const call = (method: string, path: string, body?: unknown) =>
      callAt(plane.api, `/api/v1/config${path}`, {
        method,
        headers: { 'if-match': '*', 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const publish = async (set: object) => {
      assert.equal((await call('PATCH', '/shop/default/draft', { set })).status, 200);
      assert.equal((await call('POST', '/shop/default/publish', {})).status, 200);
    };
    const resolve = (query = '') => call('GET', `/shop/resolve${query}`);
    return {
      plane,
      complaints,
      call,
      publish,
      resolve,
      [Symbol.asyncDispose]: () => plane.close(),
    };
  };
  const kept = `${folder.path}/data/configuration/configuration.last`;
  const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => [`key.${i}`, `${i}`]));
  let etag: string | null;
  {
    await using server = await startZooKeeperServer(disk);
    await using zk = await connect({ connect: server.connect });
    await zk.create('/discovery/orders/one', instance('orders', 'one', 1), { parents: true });
    await using running = await start();
    await running.plane.ready;
    await running.publish({
      ...many,
      greeting: 'hello',
      password: { type: 'secret', value: PASSWORD },
    });
    const set = { greeting: 'for one' };
    assert.equal((await running.call('PATCH', '/shop/default/draft', { set })).status, 200);
    const gray = { name: 'canary', rules: [{ instances: ['one'] }] };
    assert.equal((await running.call('POST', '/shop/default/gray', gray)).status, 201);
    const resolved = await running.resolve();
    etag = resolved.headers.get('etag');
    assert.equal(resolved.body.stale, false);
  }
  assert.deepEqual(readdirSync(`${folder.path}/data/configuration`), ['configuration.last']);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.ok(!readFileSync(kept, 'utf8').includes(PASSWORD));
  {
    await using running = await start();
    const resolved = await running.resolve();
    assert.equal(resolved.status, 200, resolved.text);
    assert.deepEqual([resolved.body.stale, resolved.headers.get('etag')], [true, etag]);
    assert.equal(resolved.body.values.greeting.value, 'hello');
    assert.equal(Object.keys(resolved.body.values).length, 2_502);
    assert.equal((await running.resolve('?instance=one')).body.values.greeting.value, 'for one');
    // The replica has the key for it, and what is encrypted with it.
    const revealed = await running.resolve('?secrets=reveal');
    assert.equal(revealed.body.values?.password.value, PASSWORD, revealed.text);
    const before = statSync(kept).mtimeMs;
    // What has changed comes with ZooKeeper, and is kept.
    await using _ = await startZooKeeperServer(disk);
    await until(async () => (await running.resolve()).body.stale === false);
    await until(async () => (await running.call('GET', '/shop')).status === 200);
    await running.publish({ greeting: 'again' });
    assert.equal((await running.resolve()).body.values.greeting.value, 'again');
    await until(() => statSync(kept).mtimeMs > before);
    await running.plane.close();
  }
  const whole = readFileSync(kept, 'utf8');
  {
    await using running = await start();
    assert.equal((await running.resolve()).body.values.greeting.value, 'again');
  }
  const [begin = '', ...lines] = whole.split('\n');
  const other = encodeLine(begin.slice(9).replace(`:${port}`, `:${port}/elsewhere`));
  const cases = [
    [whole.replace('again', 'agaim'), 'damaged'],
    [whole.slice(0, -200), 'damaged'],
    ['', 'damaged'],
    [`${other}${lines.join('\n')}`, 'another ensemble'],
  ] as const;
  for (const [text, complaint] of cases) {
    writeFileSync(kept, text);
    await using running = await start();
    assert.equal((await running.resolve()).status, 503);
    assert.ok(
      running.complaints.some((each) => each.includes(complaint)),
      complaint,
    );
  }
});
