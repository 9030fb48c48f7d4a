import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { serverset, spring } from '@meshkeeper/registries';
import {
  checkHaproxy,
  freePorts,
  type Haproxy,
  skipWithout,
  startHaproxy,
  startZooKeeper,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startBackend } from './support/backend.ts';
import { meshkeeper, type Running } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

const REGISTRIES = `registries:
  - { name: spring, dialect: spring, root: /services }
  - { name: aurora, dialect: serverset, root: /aurora }
`;

describe('HAProxy finds instances by DNS', { skip: skipWithout('zookeeper', 'haproxy') }, () => {
  const stack = new AsyncDisposableStack();
  let zk: ZooKeeper;
  let plane: Running;
  let haproxy: Haproxy;
  let port: number;
  let tcpPort: number;

  const bootstrap = async (...flags: string[]) => {
    const server = ['--server', plane.ready.api];
    const result = await meshkeeper(['bootstrap', 'haproxy', ...flags, ...server]);
    return { ...result, config: result.stdout };
  };
  const register = async (id: string, at: number, weight = 100) => {
    const instance = { service: 'Shop_Orders', id, address: '127.0.0.1', port: at, weight };
    const [entry] = spring.encode('/services', instance, 0);
    await zk.create(entry!.path, entry!.data, { parents: true });
    return entry!.path;
  };
  const backend = async (name: string) => stack.use(await startBackend(name));
  const call = async (host: string) => {
    const sent = request({ host: '127.0.0.1', port, headers: { host } }).end();
    const [response] = await once(sent, 'response');
    return `${response.statusCode} ${await text(response)}`;
  };
  /** How often each answers among so many calls. */
  const answers = async (host: string, count: number) => {
    const tally: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const answer = await call(host);
      tally[answer] = (tally[answer] ?? 0) + 1;
    }
    return tally;
  };
  /** Waits until so many instances have a place. */
  const filled = (service: string, count: number) =>
    until(
      async () => {
        const servers = await haproxy.servers(service);
        return servers.filter(({ address }) => address !== undefined).length === count;
      },
      { message: `${service} has ${count} instances at HAProxy` },
    );

  before(async () => {
    const zookeeper = stack.use(await startZooKeeper());
    zk = stack.use(await connect({ connect: zookeeper.connect }));
    const mail = createServer((socket) => socket.end('220 hello')).listen(0, '127.0.0.1');
    stack.defer(() => void mail.close());
    await once(mail, 'listening');
    const at = mail.address();
    assert.ok(typeof at === 'object' && at !== null);
    await register('one', (await backend('one')).port);
    await register('two', (await backend('two')).port, 300);
    const member = { service: 'mail', address: '127.0.0.1', port: at.port };
    const [entry] = serverset.encode('/aurora', member, 0);
    await zk.create(entry!.path, entry!.data, { mode: entry!.mode, parents: true });
    const { path: cwd } = stack.use(await tempDir());
    await writeFile(join(cwd, 'meshkeeper.yaml'), REGISTRIES);
    plane = stack.use(await startControlPlane(zookeeper.connect, { cwd }));
    await until(async () => (await bootstrap('--service', 'mail')).code === 0);
    [port = 0, tcpPort = 0] = await freePorts(2);
  });
  after(() => stack.disposeAsync());

  test('the file is one that HAProxy takes', async () => {
    const { config, stderr } = await bootstrap();
    assert.equal(stderr, '');
    assert.deepEqual((await checkHaproxy(config)).stderr, '');
    assert.match(config, new RegExp(`nameserver mesh1 tcp@${plane.ready.dns}$`, 'm'));
    assert.match(config, /^# frontend tcp_mail$/m);
    for (const [flags, code, said] of [
      [['--service', 'mial'], 3, /no service is called "mial": did you mean "mail"/],
      [['--check', 'health # x'], 2, /--check: write tcp, or a path/],
      [['--zone', 'a b'], 2, /--zone: "a b" is no name in DNS/],
      [['--dns', 'nowhere'], 2, /--dns: "nowhere" is no address/],
      [['--statistics-listen', '0.0.0.0:80'], 2, /can be reached from other machines/],
      [['--tcp-listen', 'Shop_Orders=127.0.0.1:1'], 2, /speaks http, and is called by its host/],
    ] as const) {
      const refused = await bootstrap(...flags);
      assert.deepEqual([refused.code, refused.stdout], [code, ''], refused.stderr);
      assert.match(refused.stderr, said);
    }
  });

  test('calls go by weight; who drains, goes or comes is noticed', async () => {
    const listen = ['--gateway-listen', `127.0.0.1:${port}`];
    const tcp = ['--tcp-listen', `mail=127.0.0.1:${tcpPort}`];
    const services = ['--service', 'Shop_Orders', 'mail'];
    const { config, stderr } = await bootstrap(...services, ...listen, ...tcp);
    assert.equal(stderr, '');
    haproxy = stack.use(await startHaproxy(config));
    await filled('shop-orders', 2);
    const both = await answers('shop-orders.mesh', 400);
    assert.deepEqual(both, { '200 one': 100, '200 two': 300 });
    assert.match(await call('SHOP_ORDERS:8080'), /^200 /);
    assert.equal(await call('nobody.mesh'), '404 no service here has this host name');
    await filled('tcp_mail', 1);
    assert.equal(await text(connectTcp(tcpPort, '127.0.0.1')), '220 hello');

    const server = ['--server', plane.ready.api];
    assert.equal((await meshkeeper(['drain', 'Shop_Orders', 'two', ...server])).code, 0);
    await filled('shop-orders', 1);
    assert.deepEqual(await answers('shop-orders.mesh', 10), { '200 one': 10 });
    const three = await register('three', (await backend('three')).port);
    await filled('shop-orders', 2);
    assert.deepEqual(await answers('shop-orders.mesh', 10), { '200 one': 5, '200 three': 5 });
    await zk.delete(three);
    await filled('shop-orders', 1);
    assert.deepEqual(await answers('shop-orders.mesh', 10), { '200 one': 10 });
  });

  test('without the control plane the last known are called', async () => {
    await plane.end('SIGKILL');
    const asked = async () =>
      Number(/sent: +(\d+)/.exec(await haproxy.runtime('show resolvers'))?.[1]);
    const before = await asked();
    await until(async () => (await asked()) > before + 4, { message: 'HAProxy asks in vain' });
    assert.deepEqual(await answers('shop-orders.mesh', 5), { '200 one': 5 });
  });
});
