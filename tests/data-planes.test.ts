import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { curator } from '@meshkeeper/registries';
import { type Envoy, freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper, type Running, start, startMeshkeeper } from './support/command.ts';

const FREE = '127.0.0.1:0';

describe('what an operator sees of data planes', { skip: skipWithout('envoy') }, () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: Running;
  let envoy: Envoy;
  let gateway: string;
  let busy: Server;

  const run = (...args: string[]) => meshkeeper([...args, '--server', plane.ready.api]);
  const table = async (...args: string[]) => (await run(...args, '-o', 'table')).stdout;
  const register = async (service: string, id: string, port: number) => {
    const [entry] = curator.encode('/discovery', { service, id, address: '10.0.0.1', port }, 0);
    await zk.create(entry!.path, entry!.data, { parents: true });
  };
  /** A real Envoy with the file that `bootstrap envoy` prints. */
  const envoyOf = async (...flags: string[]): Promise<Envoy> => {
    const { code, stdout, stderr } = await meshkeeper([
      ...['bootstrap', 'envoy', '--xds', plane.ready.xds, '--admin-listen', FREE, ...flags],
    ]);
    assert.equal(code, 0, stderr);
    // Where a listener is rejected Envoy serves all the same.
    return startEnvoy({ config: stdout, waitFor: 'admin' });
  };

  before(async () => {
    server = await startZooKeeperServer({ port: 0 });
    zk = await connect({ connect: server.connect });
    await register('orders', 'orders-1', 8001);
    await register('carts', 'carts-1', 8002);
    const listen = ['--api-listen', FREE, '--xds-listen', FREE, '--dns-listen', FREE];
    plane = await startMeshkeeper(['control-plane', '--zookeeper', server.connect, ...listen]);
    await until(async () => (await table('services')).includes('orders'));
    gateway = `127.0.0.1:${await freePort()}`;
    const where = ['--region', 'eu', '--zone', 'eu-1', '--subzone', 'rack-7'];
    envoy = await envoyOf('--id', 'edge/1', '--gateway-listen', gateway, ...where);
    await until(async () =>
      /^edge\/1 .*synced.*synced.*synced.*synced/m.test(await table('proxy-status')),
    );
  });
  after(async () => {
    busy?.close();
    await envoy?.close();
    await plane?.[Symbol.asyncDispose]();
    await zk?.close();
    await server?.close();
  });

  test('proxy-status: all of them, and one with all that is known', async () => {
    const all = await table('proxy-status');
    assert.match(all, /^ID +CLUSTER +CDS +EDS +LDS +RDS +VHDS +BEHIND +AGENT +SINCE$/m);
    assert.match(all, /^edge\/1 +gateway( +synced){5} +- +envoy 1\.\d+\.\d+ +\S+Z$/m);
    const one = await table('proxy-status', 'edge/1');
    assert.match(one, /^ {2}region eu, zone eu-1, subzone rack-7$/m);
    assert.match(one, /^ {2}has applied revision \d+, the newest$/m);
    assert.match(one, /^EDS +synced +2 +([0-9a-f]{16}) +\1 +\S+Z$/m);
    const { stdout } = await run('proxy-status');
    assert.equal(JSON.parse(stdout).proxies[0].id, 'edge/1');
    const nobody = await run('proxy-status', 'nobody');
    assert.deepEqual([nobody.code, nobody.stdout], [3, '']);
    assert.match(nobody.stderr, /no proxy called "nobody" is connected/);
  });

  test('proxy-status --watch: a line of JSON, or a line, for each change', async () => {
    const args = ['proxy-status', '--watch', '--server', plane.ready.api];
    await using json = start(args);
    await using lines = start([...args, '-o', 'table']);
    await lines.printed(/^\S+Z {2}edge\/1 {2}connected {2}envoy/m);
    await json.printed(/^\{.*"id":"edge\/1".*\}$/m);
    await register('late', 'late-1', 8003);
    await until(async () => (await table('services')).includes('late'));
    const { revision } = JSON.parse((await run('services')).stdout);
    await lines.printed(new RegExp(`^\\S+Z {2}edge/1 {2}has applied revision ${revision}$`, 'm'));
    await json.printed(new RegExp(`^\\{.*"appliedRevision":${revision}\\b.*\\}$`, 'm'));
    for (const each of [json, lines]) {
      const { code, stderr } = await each.end('SIGINT');
      assert.deepEqual([code, stderr], [0, '']);
    }
    for (const line of json.stdout().trim().split('\n')) JSON.parse(line);
  });

  test('a rejection is told with its words; a data plane that crashed is not forgotten', async () => {
    busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const address = busy.address();
    const taken = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const second = await envoyOf('--id', 'second', '--gateway-listen', taken);
    await until(async () => /^second .*rejected/m.test(await table('proxy-status')));
    const rejects = new RegExp(
      `^second rejects LDS gateway since \\S+Z \\(\\w+\\): .*cannot bind.*${taken}`,
      'm',
    );
    assert.match(await table('proxy-status'), rejects);
    const config = await table('proxy-config', 'second', 'listeners');
    assert.match(config, /^gateway +127\.0\.0\.1 +\d+ +inbound +routes gateway +nacked$/m);
    assert.match(config, /^LDS gateway is rejected since \S+Z: .*cannot bind/m);
    const explained = await table('explain', 'orders', '--proxy', 'second');
    assert.match(explained, /^ {4}it also rejects LDS gateway since .*cannot bind/m);

    await second.kill();
    await until(async () => /^second .*gone since \S+Z$/m.test(await table('proxy-status')));
    assert.match(
      await table('proxy-status', 'second'),
      /^second is gone since \S+Z \(\w+\); it had/,
    );
    assert.equal((await run('proxy-config', 'second')).code, 3);
    await second.close();
  });

  test('proxy-config: what that very data plane is served', async () => {
    const overview = await table('proxy-config', 'edge/1');
    for (const row of [/^CDS +orders +acked/m, /^EDS +carts +acked/m, /^LDS +gateway +acked/m])
      assert.match(overview, row);
    assert.match(await table('proxy-config', 'edge/1', 'clusters'), /^orders +EDS +\S.* acked$/m);
    const endpoints = ['proxy-config', 'edge/1', 'endpoints'];
    assert.match(await table(...endpoints), /^10\.0\.0\.1:8002 +.* carts +acked$/m);
    const one = await table(...endpoints, '--port', '8001');
    assert.match(one, /^ENDPOINT.*\n10\.0\.0\.1:8001 .* orders +acked\n$/);
    assert.equal(await table(...endpoints, '--fqdn', 'ORD'), one);
    const routes = await table('proxy-config', 'edge/1', 'routes', '--name', 'orders.mesh');
    assert.match(routes, /^gateway +orders +orders, orders:\* and 2 more +\/\*.* orders +acked$/m);
    assert.doesNotMatch(routes, /carts/);
    const full = await run('proxy-config', 'edge/1', 'clusters', '--name', 'orders', '-o', 'yaml');
    assert.match(full.stdout, /^ {10}connect_timeout: 1s$/m);
    assert.match(
      full.stdout,
      /"@type": type\.googleapis\.com\/envoy\.config\.cluster\.v3\.Cluster/,
    );
    const nothing = await run('proxy-config', 'edge/1', 'endpoints', '--port', '1', '-o', 'table');
    assert.deepEqual([nothing.code, nothing.stdout], [3, 'edge/1 has nothing that fits\n']);
    for (const [args, sentence] of [
      [['edge/1', 'foo'], /Allowed choices are clusters, endpoints, routes, listeners, secrets/],
      [['edge/1', '--port', 'x'], /Give a whole number/],
      [['edge/1', '--name', 'a', '--fqdn', 'b'], /cannot be used with option/],
      [[], /missing required argument 'id'/],
    ] as const) {
      const { code, stderr } = await run('proxy-config', ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
    }
  });

  test('explain: to what each data plane has acknowledged, and whether that one has it', async () => {
    const text = await table('explain', 'orders');
    assert.match(
      text,
      /^orders is served with 1 endpoint \(revision \d+\), and the data plane has it\n/,
    );
    assert.match(text, /^ {2}edge\/1 has it \(revision \d+\)$/m);
    assert.match(text, /^ {4}EDS orders [0-9a-f]{16}: sent \S+Z, acknowledged \S+Z$/m);
    const there = await run('explain', 'orders', 'orders-1', '--proxy', 'edge/1');
    assert.equal(there.code, 0);
    assert.equal(JSON.parse(there.stdout).verdict.text, 'is served, and edge/1 has it');
    const nobody = await run('explain', 'orders', '--proxy', 'nobody', '-o', 'table');
    assert.equal(nobody.code, 3);
    assert.match(nobody.stdout, /, but no data plane called nobody is connected\n/);
  });

  test('a bootstrap that would not work is not printed', async () => {
    for (const [args, sentence] of [
      [['envoy', '--tls-cert', 'a', '--tls-key', 'b'], /--tls-ca is missing/],
      [['envoy', '--tls-ca', 'a', '--tls-cert', 'b'], /--tls-cert and --tls-key go together/],
      [['grpc', '--xds', 'nowhere'], /--xds: "nowhere" is no address/],
      [['envoy', '--admin-listen', '0.0.0.0:15000'], /--admin-listen: 0\.0\.0\.0 can be reached/],
    ] as const) {
      const { code, stdout, stderr } = await meshkeeper(['bootstrap', ...args]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, sentence);
    }
    const { stdout } = await meshkeeper([
      'bootstrap',
      'grpc',
      '--service',
      'checkout',
      '--id',
      'c1',
    ]);
    assert.deepEqual(JSON.parse(stdout).node, { id: 'c1', cluster: 'checkout', locality: {} });
  });
});
