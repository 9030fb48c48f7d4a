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
/** An entry of the audit. */
interface Entry {
  readonly kind: string;
  readonly by: string;
  readonly action: string;
  readonly outcome: string;
  readonly status?: number;
  readonly target: Readonly<Record<string, string>>;
}

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

  const audited = async () => {
    const { body } = await callAt(replicas.at(-1)!.api, '/api/v1/audit?limit=1000');
    const entries: Entry[] = body.entries;
    return entries.filter(({ by }) => by === 'meshkeeper');
  };

  test('what is done by itself is told in the audit, once', async () => {
    const path = '/told/default';
    const stage = (greeting: string) => call('PATCH', `${path}/draft`, { set: { greeting } });
    const soon = () => new Date(Date.now() + 20).toISOString();
    await stage('1');
    await call('POST', `${path}/publish`, { at: soon() });
    await until(async () => (await textAt('/config/told/greeting')) === '1');
    // Of two that are due, the second can not follow the first.
    await stage('2');
    await call('POST', `${path}/publish`, { at: new Date(Date.now() + 1_000).toISOString() });
    await stage('3');
    await call('POST', `${path}/publish`, {});
    const gray = async (name: string, more: object) => {
      await stage(name);
      await call('POST', `${path}/gray`, { name, rules: [{ percentage: 1 }], ...more });
    };
    await gray('late', { until: soon() });
    await gray('bad', { abandonOn: ['errors'] });
    await call('POST', '/told/signals/errors', { detail: 'checkout fails' });
    // What others have written stays, and is told.
    await zk.create('/config/told/mine', 'theirs');
    await call('PATCH', `${path}/draft`, { set: { mine: 'ours' } });
    await call('POST', `${path}/publish`, {});
    const ours = async () =>
      (await audited()).filter(
        ({ target }) => target.application === 'told' || target.path === '/config/told/mine',
      );
    await until(async () => (await ours()).length >= 5);
    const told = (await ours()).map(({ kind, action, outcome, status, target }) => {
      assert.deepEqual([kind, status], ['meshkeeper', undefined]);
      return [action, outcome, target.release ?? target.reason?.slice(0, 20), target.gray ?? ''];
    });
    assert.deepEqual(told.toSorted(), [
      ['abandonConfigGray', 'done', 'its time is up', 'late'],
      ['abandonConfigGray', 'done', 'the signal errors wa', 'bad'],
      ['projectConfig', 'failed', 'somebody else has wr', ''],
      ['publishConfig', 'done', '1', ''],
      ['publishConfig', 'failed', 'the scheduled releas', ''],
    ]);
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
