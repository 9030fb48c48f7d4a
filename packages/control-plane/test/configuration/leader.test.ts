import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { callAt } from '../api/plane.ts';

const silent = { debug() {}, info() {}, warn() {} };
const PASSWORD = 'correct horse battery staple';

describe('what one of the replicas does for configuration', () => {
  const running = new AsyncDisposableStack();
  let zk: ZooKeeper;
  let replicas: ControlPlane[];
  before(async () => {
    const dir = await tempDir();
    running.use(dir);
    const server = running.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
    zk = running.use(await connect({ connect: server.connect }));
    await writeFile(join(dir.path, 'keys'), `first:${randomBytes(32).toString('base64')}\n`);
    const file = join(dir.path, 'meshkeeper.yaml');
    const projections = [
      { name: 'spring', layout: 'spring' },
      { name: 'dubbo', layout: 'dubbo', applications: ['shop'] },
    ];
    const configuration = { secrets: { keyFile: 'keys' }, projections };
    await writeFile(file, JSON.stringify({ configuration }));
    const listen = '127.0.0.1:0';
    const start = async () => {
      const config = await loadConfig({
        file,
        flags: {
          zookeeper: { connect: server.connect },
          controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
        },
      });
      return running.use(await startControlPlane({ config, logger: silent }));
    };
    replicas = [await start(), await start()];
    await Promise.all(replicas.map(({ ready }) => ready));
  });
  after(() => running.disposeAsync());

  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await callAt(replicas.at(-1)!.api, `/api/v1/config${path}`, {
      method,
      headers: { 'if-match': '*', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.ok(answer.status < 300, answer.text);
    return answer;
  };
  const edit = (set: object) => call('PATCH', '/shop/default/draft', { set });
  const textAt = async (path: string) => {
    const there = await zk.exists(path);
    return there === null ? undefined : (await zk.get(path)).data.toString();
  };

  test('a release that is due is published, and projected, also by who comes after', async () => {
    const soon = () => new Date(Date.now() + 20).toISOString();
    await edit({ greeting: 'hello' });
    await call('POST', '/shop/default/publish', { at: soon() });
    await until(async () => (await textAt('/config/shop/greeting')) === 'hello');
    await until(async () => (await textAt('/dubbo/config/shop/greeting')) === 'hello');
    // Whichever leads: that one goes.
    await replicas.shift()!.close();
    await edit({ greeting: 'again' });
    await call('POST', '/shop/default/publish', { at: soon() });
    await until(async () => (await textAt('/config/shop/greeting')) === 'again');
    const { body } = await call('GET', '/shop/default/releases');
    assert.deepEqual(
      body.items.map(({ kind }: { kind: string }) => kind),
      ['scheduled', 'scheduled'],
    );
  });

  test('a secret is told to who may ask for it, and projected to nobody', async () => {
    await edit({ password: { type: 'secret', value: PASSWORD }, greeting: 'third' });
    const published = await call('POST', '/shop/default/publish', {});
    const seen = [published.text];
    await until(async () => (await textAt('/config/shop/greeting')) === 'third');
    const resolved = await call('GET', '/shop/resolve');
    assert.equal(resolved.body.values.password.value, undefined);
    for (const path of ['/shop/default', '/shop/default/draft', '/shop/default/diff?from=1'])
      seen.push((await call('GET', path)).text);
    for (const text of [...seen, resolved.text]) assert.ok(!text.includes(PASSWORD));
    const revealed = await call('GET', '/shop/resolve?secrets=reveal');
    assert.equal(revealed.body.values.password.value, PASSWORD);
    assert.equal(revealed.headers.get('etag'), resolved.headers.get('etag'));
    assert.equal(await textAt('/config/shop/password'), undefined);
  });
});
