import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { tempDir, until } from '@meshkeeper/testbed';
import { endpointsOf, getJson } from './support/api.ts';
import { type Running, start, startMeshkeeper } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';
import { ask, startLoad } from './support/load.ts';
import { alive, descendants } from './support/processes.ts';

const FREE = '127.0.0.1:0';
const UP = [
  'up',
  ...['--api-listen', FREE, '--xds-listen', FREE, '--dns-listen', FREE],
  ...['--gateway-listen', FREE, '--zookeeper-listen', FREE],
];
/**
 * What ends on a signal ends within so many milliseconds: less than the 5 s for which Node keeps
 * an idle connection, the shortest wait that could be forgotten here.
 */
const AT_ONCE = 4_500;

/** What an instance of the demo answers. */
interface Answer {
  readonly service: string;
  readonly instance: string;
  readonly pid: number;
  readonly orders?: Answer;
}

describe('up --demo', () => {
  let demo: Running;
  before(async () => {
    demo = await startMeshkeeper([...UP, '--demo']);
  });
  after(() => demo?.[Symbol.asyncDispose]());

  const call = async (service: string): Promise<Answer> => {
    const { status, body } = await ask(demo.ready.gateway, service);
    assert.equal(status, 200, body);
    return JSON.parse(body);
  };

  test('says where everything listens', async () => {
    const { api, xds, gateway, zookeeper } = demo.ready;
    for (const url of [api, gateway]) assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    for (const address of [xds, zookeeper]) assert.match(address, /^127\.0\.0\.1:[1-9]\d*$/);
    assert.equal(demo.stdout().trim().split('\n').length, 1, 'one line and no more');
    assert.equal(demo.stderr(), '');
    assert.equal((await getJson<{ status: string }>(`${api}/readyz`)).status, 'ready');
  });

  test('its services answer through the gateway, and call each other', async () => {
    for (const service of ['orders', 'customers', 'shop']) {
      assert.equal((await call(service)).service, service);
      assert.equal((await call(`${service}.mesh`)).service, service);
      assert.equal((await endpointsOf(demo.ready.api, service)).length, 2);
    }
    const ids = (await endpointsOf(demo.ready.api, 'orders')).map(({ id }) => id);
    const { orders } = await call('shop');
    assert.equal(orders?.service, 'orders');
    assert(ids.includes(orders.instance), `${orders.instance} is one of ${ids}`);
  });

  test('an instance is killed: no request fails, and its endpoint goes', async () => {
    const { api, gateway } = demo.ready;
    await using orders = startLoad({ url: gateway, host: 'orders' });
    await using shop = startLoad({ url: gateway, host: 'shop', clients: 2 });
    await Promise.all([orders.next(50), shop.next(20)]);
    const { instance, pid } = await call('orders');
    process.kill(pid, 'SIGKILL');
    await until(async () => (await endpointsOf(api, 'orders')).every(({ id }) => id !== instance), {
      message: 'the endpoint of the killed instance is gone',
    });
    await Promise.all([orders.next(50), shop.next(20)]);
    orders.unharmed();
    shop.unharmed();
  });

  test('Ctrl-C ends all of it at once', async () => {
    const children = await descendants(demo.pid);
    assert.equal(children.length, 5, 'the instances that were not killed');
    const agent = new Agent({ keepAlive: true });
    await ask(demo.ready.gateway, 'shop', agent);
    const { code, milliseconds, stderr } = await demo.end('SIGINT');
    agent.destroy();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert(milliseconds < AT_ONCE, `it took ${milliseconds} ms`);
    assert.deepEqual(await alive(children), []);
  });

  test('its instances end with it, however it ends', async () => {
    await using doomed = await startMeshkeeper([...UP, '--demo']);
    const children = await descendants(doomed.pid);
    assert.equal(children.length, 6);
    await doomed.end('SIGKILL');
    await until(async () => (await alive(children)).length === 0, {
      message: 'the instances have noticed',
    });
  });
});

describe('a signal ends', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`up on ${signal}, and it goes on where it was`, async () => {
      await using data = await tempDir();
      for (const round of ['first', 'second']) {
        await using up = await startMeshkeeper([...UP, '--data', data.path]);
        assert.equal((await ask(up.ready.gateway, round)).status, 404);
        await endsAtOnce(up, signal);
      }
    });

    test(`zookeeper, control-plane and proxy on ${signal}, in the worst order`, async () => {
      await using data = await tempDir();
      const server = ['zookeeper', '--port', '0', '--data', data.path];
      await using zookeeper = await startMeshkeeper(server);
      await using controlPlane = await startControlPlane(zookeeper.ready.zookeeper);
      const { xds } = controlPlane.ready;
      await using proxy = await startMeshkeeper(['proxy', '--xds', xds, '--gateway-listen', FREE]);
      const agent = new Agent({ keepAlive: true });
      assert.equal((await ask(proxy.ready.gateway, 'nobody', agent)).status, 404);
      for (const running of [zookeeper, controlPlane, proxy]) await endsAtOnce(running, signal);
      agent.destroy();
    });

    test(`what waits for an ensemble or a control plane on ${signal}`, async () => {
      const nobody = '127.0.0.1:1';
      const listen = ['--api-listen', FREE, '--xds-listen', FREE, '--dns-listen', FREE];
      const commands = [
        ['control-plane', '--zookeeper', nobody, ...listen, '-v'],
        ['up', '--zookeeper', nobody, ...listen, '--gateway-listen', FREE, '-v'],
        ['proxy', '--xds', nobody, '--gateway-listen', FREE, '-v'],
      ];
      for (const command of commands) {
        await using waiting = start(command);
        await until(() => waiting.stderr() !== '', { message: 'it has begun, as its log tells' });
        await endsAtOnce(waiting, signal);
      }
    });
  }
});

async function endsAtOnce(
  running: Pick<Running, 'end' | 'stderr'>,
  signal: NodeJS.Signals,
): Promise<void> {
  const before = running.stderr();
  const { code, milliseconds, stderr } = await running.end(signal);
  assert.equal(code, 0, stderr.slice(before.length));
  assert(milliseconds < AT_ONCE, `it took ${milliseconds} ms`);
}
