import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { freePort, tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { LastKnownTokens } from '../../src/auth/last-known-tokens.ts';
import { TokenStore } from '../../src/auth/token-store.ts';
import { loadConfig, startControlPlane } from '../../src/index.ts';
import { instance } from '../instance.ts';
import { callAt } from './plane.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const JSON_TYPE = { 'content-type': 'application/json' };

test('who had a token is served by a replica that starts while ZooKeeper is away', async () => {
  await using folder = await tempDir();
  const port = await freePort();
  const store = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
  const listen = '127.0.0.1:0';
  const configFor = (zookeeper: string) =>
    loadConfig({
      flags: {
        zookeeper: { connect: zookeeper },
        controlPlane: {
          ...{ xds: { listen }, dns: { listen }, dataDir: `${folder.path}/data` },
          api: { listen, auth: { loopback: 'authenticated' } },
        },
      },
    });
  const config = await configFor(`127.0.0.1:${port}`);
  const start = () => startControlPlane({ config, logger: silent, connectTimeout: 2_000 });
  const as = (token: string) => ({ headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
  const ask = async (api: string, token: string) =>
    (await callAt(api, '/api/v1/services', as(token))).status;
  const file = `${folder.path}/data/tokens/tokens.last`;

  let server = await startZooKeeperServer(store);
  const tokens: Record<string, string> = {};
  {
    await using zk = await connect({ connect: server.connect });
    await zk.create('/discovery/shop/one', instance('shop', 'one', 1), { parents: true });
    const made = new TokenStore(zk, silent);
    for (const name of ['stays', 'goes', 'expires']) {
      const expiresAt = name === 'expires' ? Date.now() + 1 : undefined;
      const by = 'test';
      const wanted = { name, roles: ['admin'] as const, expiresAt, by };
      tokens[name] = (await made.create(wanted, AbortSignal.timeout(5_000))).token;
    }
    await using plane = await start();
    await plane.ready;
    await until(async () => (await ask(plane.api, tokens.stays!)) === 200);
    assert.equal(await ask(plane.api, tokens.goes!), 200);
    await until(async () => (await readFile(file, 'utf8').catch(() => '')).includes('"goes"'));
    // Later ones are written over what is there.
    await made.create({ name: 'later', roles: [], by: 'test' }, AbortSignal.timeout(5_000));
    await until(async () => (await readFile(file, 'utf8')).includes('"later"'));
  }
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const text = await readFile(file, 'utf8');
  for (const token of Object.values(tokens)) assert.ok(!text.includes(token.slice(3)));
  await server.close();

  {
    await using plane = await start();
    assert.equal(await ask(plane.api, tokens.stays!), 200);
    assert.equal(await ask(plane.api, tokens.expires!), 401);
    assert.equal(await ask(plane.api, 'mk_nothing'), 401);
    // And who was revoked meanwhile is not, once ZooKeeper is back.
    server = await startZooKeeperServer(store);
    {
      await using zk = await connect({ connect: server.connect });
      await zk.delete('/meshkeeper/tokens/goes');
    }
    await until(async () => (await ask(plane.api, tokens.goes!)) === 401);
    assert.equal(await ask(plane.api, tokens.stays!), 200);
  }
  await server.close();
  assert.ok(!(await readFile(file, 'utf8')).includes('"goes"'));

  // What was kept is of that ensemble; what is damaged is of none.
  const options = { dataDir: `${folder.path}/data`, logger: silent };
  const other = await LastKnownTokens.open({ ...options, identity: 'elsewhere:2181' });
  assert.equal(other.last, undefined);
  await writeFile(file, (await readFile(file, 'utf8')).replace('"stays"', '"strays"'));
  const damaged = await LastKnownTokens.open({ ...options, identity: `127.0.0.1:${port}` });
  assert.equal(damaged.last, undefined);
});
