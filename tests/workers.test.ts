import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { curator } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { getJson } from './support/api.ts';
import { startBackend } from './support/backend.ts';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';

const run = promisify(execFile);

describe('a proxy of several workers', () => {
  const stack = new AsyncDisposableStack();
  let up: Running;
  before(async () => {
    const server = stack.use(await startZooKeeperServer({ port: 0 }));
    const free = ['api', 'xds', 'gateway', 'dns'];
    const listeners = free.flatMap((name) => [`--${name}-listen`, '127.0.0.1:0']);
    up = stack.use(await startMeshkeeper(['up', '--zookeeper', server.connect, ...listeners]));
    const { port } = stack.use(await startBackend('orders'));
    const zk = stack.use(await connect({ connect: server.connect }));
    const instance = { service: 'orders', id: 'orders-1', address: '127.0.0.1', port };
    for (const { path, data } of curator.encode('/discovery', instance, 0))
      await zk.create(path, data, { parents: true });
  });
  after(() => stack.disposeAsync());

  const connected = async () => {
    const { proxies } = await getJson<{ proxies: { id: string }[] }>(
      `${up.ready.api}/api/v1/proxies`,
    );
    return proxies.map(({ id }) => id).filter((id) => id.startsWith('many'));
  };

  test('share a listener, replace one that dies, and end together', async () => {
    const args = [
      'proxy',
      // The API says where the xDS server is.
      '--server',
      up.ready.api,
      '--gateway-listen',
      '127.0.0.1:0',
      '--id',
      'many',
    ];
    await using proxy = await startMeshkeeper([...args, '--workers', '2']);
    assert.deepEqual((await connected()).sort(), ['many-1', 'many-2']);
    const ask = () =>
      new Promise<string>((done, fail) => {
        const options = { headers: { host: 'orders' }, agent: false };
        get(proxy.ready.gateway, options, (response) => {
          text(response).then(done, fail);
        }).on('error', fail);
      });
    await until(async () => (await ask()) === 'orders');
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(proxy.pid)]);
    const [first] = stdout.trim().split(/\s+/).map(Number);
    process.kill(first!, 'SIGKILL');
    await until(async () => (await connected()).includes('many-3'), { message: 'another begins' });
    assert.equal(await ask(), 'orders');
    const { code, stderr } = await proxy.end('SIGTERM');
    assert.equal(code, 0);
    assert.match(stderr, /^worker \d has ended \(SIGKILL\): another begins$/m);
    await until(async () => (await connected()).length === 0);
  });

  test('none is too few', async () => {
    assert.equal((await meshkeeper(['proxy', '--workers', '0'])).code, 2);
  });
});
