import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { curator } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';

const FREE = '127.0.0.1:0';

describe('what an operator asks and says', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: Running;

  const register = async (id: string, port: number) => {
    const instance = { service: 'orders', id, address: '10.0.0.1', port };
    const [entry] = curator.encode('/discovery', instance, 0);
    await zk.create(entry!.path, entry!.data, { parents: true });
  };
  const run = (line: string) =>
    meshkeeper([...line.split(' '), '--server', plane.ready.api, '-o', 'table']);
  const shows = (line: string, wanted: RegExp) =>
    until(
      async () => {
        const { stdout } = await run(line);
        assert.match(stdout, wanted);
        return true;
      },
      { message: line },
    );

  before(async () => {
    server = await startZooKeeperServer({ port: 0 });
    zk = await connect({ connect: server.connect });
    await register('orders-1', 1);
    const listen = ['--api-listen', FREE, '--xds-listen', FREE, '--dns-listen', FREE];
    plane = await startMeshkeeper(['control-plane', '--zookeeper', server.connect, ...listen]);
    await shows('services', /orders/);
  });
  after(async () => {
    await plane?.[Symbol.asyncDispose]();
    await zk?.close();
    await server?.close();
  });

  test('explain: from the znode to what is served, or why not', async () => {
    await register('orders-2', 2);
    await zk.create('/discovery/orders/broken', '{');
    await shows('explain orders', /with 2 endpoints[\s\S]*not usable/);
    const { stdout, code } = await run('explain orders orders-2');
    assert.equal(code, 0);
    assert.match(stdout, /^orders-2 at 10\.0\.0\.1:2$/m);
    assert.match(stdout, /^ {2}\/discovery\/orders\/orders-2 \(curator\), created in 0x/m);
    assert.match(stdout, /^ {2}served with weight 100, health unknown$/m);
    assert.doesNotMatch(stdout, /orders-1/);
    const all = await run('explain orders');
    assert.match(all.stdout, /malformed \/discovery\/orders\/broken: its data is no JSON object/);
    const none = await run('explain oders');
    assert.equal(none.code, 3);
    assert.match(none.stdout, /^oders is not served: no registry has a service of that name/);
    assert.equal((await run('explain orders 10.9.9.9')).code, 3);
  });

  test('drain and weight: one does not undo the other, and who said it is told', async () => {
    assert.equal((await run('weight orders orders-1 10')).code, 0);
    const drained = await run('drain orders orders-1 --reason maintenance');
    assert.equal(drained.code, 0, drained.stderr);
    await shows(
      'explain orders orders-1',
      /says: drain true, weight 10, by loopback, label \S+, reason maintenance/,
    );
    await shows('explain orders orders-1', /served with weight 10, health draining/);
    await run('undrain orders orders-1');
    await shows('explain orders orders-1', /served with weight 10, health unknown/);
    const nobody = await run('weight orders nobody 10');
    assert.equal(nobody.code, 3);
    assert.match(nobody.stderr, /"orders" has no endpoint "nobody"/);
    assert.equal((await run('weight orders orders-1 much')).code, 2);
  });

  test('hold: what leaves is served until it is released', async () => {
    assert.equal((await run('hold orders')).code, 0);
    await shows('explain orders', /an operator holds it/);
    await zk.delete('/discovery/orders/orders-2');
    await shows('explain orders orders-2', /held since \S+: operator/);
    assert.equal((await run('hold orders --release')).code, 0);
    await until(async () => (await run('explain orders orders-2')).code === 3);
  });

  test('history and diff: what it was', async () => {
    const { stdout } = await run('history orders');
    assert.match(stdout, /^REVISION +WHEN +SERVICE +WHAT\n/);
    assert.match(stdout, /orders +~ orders-1 \(10\.0\.0\.1:1\) .*weight 100 -> 10/);
    assert.match(stdout, /orders +- orders-2 \(10\.0\.0\.1:2\)/);
    const [first, last] = [/^(\d+) /m.exec(stdout)![1], stdout.trimEnd().split('\n').at(-1)!];
    const { stdout: changed } = await run(`diff ${first} ${last.split(' ')[0]}`);
    assert.match(changed, /^orders +~ orders-1 .*weight 100 -> 10/m);
    assert.match((await run('diff 0s')).stdout, /^nothing differs between revision (\d+) and \1$/m);
    const early = await run('diff 2001-01-01T00:00:00Z');
    assert.equal(early.code, 3);
    assert.match(early.stderr, /is not recorded that far back: see controlPlane\.dataDir/);
    assert.match((await run('diff yesterday')).stderr, /Write a revision, a time/);
  });
});
