import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { loadConfig, startControlPlane } from '../src/index.ts';

test('an interface of which only its application is known is explained', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  await using zk = await connect({ connect: server.connect });
  const payload = {
    '@class': 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance',
    metadata: { 'dubbo.metadata.revision': 'abc', 'dubbo.metadata.storage-type': 'remote' },
  };
  const instance = { name: 'shop', address: '10.0.0.1', port: 20_880, payload };
  const path = '/services/shop/10.0.0.1:20880';
  await zk.create(path, JSON.stringify(instance), { parents: true });
  await zk.create('/dubbo/mapping/com.foo.A', 'shop', { parents: true });
  await using plane = await startControlPlane({
    config: await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    }),
    logger: { debug() {}, info() {}, warn() {} },
  });
  await plane.ready;
  for (const [service, found] of [
    ['com.foo.A', 1],
    ['com.foo.A:1.0:g@tri', 1],
    ['com.foo.B', 0],
  ] as const) {
    const response = await fetch(`${plane.api}/api/v1/explain/${encodeURIComponent(service)}`);
    const { served, problems } = JSON.parse(await response.text());
    assert.equal(served, false);
    assert.equal(problems.length, found, service);
    if (found === 0) continue;
    assert.deepEqual([problems[0].path, problems[0].code], [path, 'incomplete']);
    assert.match(problems[0].message, /application shop revision abc are unknown: its metadata/);
  }
});

test('what a registry states of the traffic is told with the service, and where it is from', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  await using zk = await connect({ connect: server.connect });
  const url = 'dubbo://10.0.0.1:20880/com.foo.A?application=shop&timeout=900&methods=hi';
  const provider = `/dubbo/com.foo.A/providers/${encodeURIComponent(url)}`;
  await zk.create(provider, '', { parents: true });
  const rules = '/dubbo/config/dubbo';
  const configurators = `${rules}/shop.configurators`;
  const config = '{ side: provider, parameters: { weight: 7, hi.timeout: 50 } }';
  const rule = `configVersion: v3.0\nscope: application\nkey: shop\nconfigs: [${config}]`;
  await zk.create(configurators, rule, { parents: true });
  await zk.create(`${rules}/shop.script-router`, 'script: x');
  await using plane = await startControlPlane({
    config: await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    }),
    logger: { debug() {}, info() {}, warn() {} },
  });
  await plane.ready;
  const get = async (path: string) =>
    JSON.parse(await (await fetch(`${plane.api}/api/v1/${path}/com.foo.A`)).text());
  const { policy, problems, endpoints } = await get('explain');
  assert.deepEqual(policy.perTryTimeout, {
    value: 900,
    origin: { source: 'dubbo', path: provider },
  });
  const [hi] = policy.methods;
  assert.deepEqual([hi.method, hi.perTryTimeout.value], ['hi', 50]);
  assert.equal(hi.perTryTimeout.origin.path, configurators);
  assert.equal(endpoints[0].served.weight, 7);
  assert.deepEqual(
    problems.map(({ path, code }: { path: string; code: string }) => [path, code]),
    [[`${rules}/shop.script-router`, 'not-applied']],
  );
  assert.deepEqual((await get('services')).policy, policy);
});
