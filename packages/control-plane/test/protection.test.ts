import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeInstance } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { CreateMode, connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { type ControlPlane, loadConfig, startControlPlane } from '../src/index.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };

const stack = new AsyncDisposableStack();
let server: ZooKeeperServer;
let zk: ZooKeeper;
let plane: ControlPlane;

before(async () => {
  server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
  zk = stack.use(await connect({ connect: server.connect }));
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: server.connect },
      controlPlane: {
        api: { listen: '127.0.0.1:0' },
        xds: { listen: '127.0.0.1:0' },
        dns: { listen: '127.0.0.1:0' },
      },
      protection: {
        massDrop: { share: '50%', minimum: 2 },
        services: { free: { lastInstance: false } },
        overlayGrace: '50ms',
      },
    },
  });
  plane = stack.use(await startControlPlane({ config, logger: silent }));
  await plane.ready;
});
after(() => stack.disposeAsync());

/** Registers instances, each in a session of its own; returns those by id. */
async function register(service: string, ...ids: string[]): Promise<Map<string, ZooKeeper>> {
  const sessions = new Map<string, ZooKeeper>();
  for (const [i, id] of ids.entries()) {
    const session = stack.use(await connect({ connect: server.connect }));
    sessions.set(id, session);
    const path = `/discovery/${service}/${id}`;
    const data = instance(service, id, 1000 + i);
    await session.create(path, data, { mode: CreateMode.EPHEMERAL, parents: true });
  }
  await until(async () => (await endpoints(service)).length === ids.length);
  return sessions;
}

function instance(name: string, id: string, port: number): Buffer {
  return encodeInstance({
    ...{ name, id, port },
    address: '127.0.0.1',
    sslPort: null,
    payload: null,
    registrationTimeUTC: 1,
    serviceType: 'DYNAMIC',
    uriSpec: null,
  });
}

interface View {
  readonly id: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly held: boolean;
  readonly protection?: {
    readonly reason: string;
    readonly since: string;
    readonly until?: string;
  };
}

async function endpoints(service: string): Promise<readonly View[]> {
  const response = await fetch(`${plane.api}/api/v1/services/${service}/endpoints`);
  // A service that nobody knows has none.
  const { endpoints = [] } = (await response.json()) as { endpoints?: View[] };
  return endpoints;
}

async function states(service: string): Promise<Record<string, string | undefined>> {
  return Object.fromEntries(
    (await endpoints(service)).map(({ id, protection }) => [id, protection?.reason]),
  );
}

async function shows(service: string, wanted: Record<string, string | undefined>): Promise<void> {
  await until(
    async () => {
      assert.deepEqual(await states(service), wanted);
      return true;
    },
    { message: `${service} is ${JSON.stringify(wanted)}` },
  );
}

async function metric(sample: string): Promise<number> {
  const text = await (await fetch(`${plane.api}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return Number(line?.slice(sample.length));
}

function hold(service: string, method: 'PUT' | 'DELETE'): Promise<Response> {
  return fetch(`${plane.api}/api/v1/services/${service}/hold`, { method });
}

test('a mass drop is held and alarmed, until an operator lets it go', async () => {
  const sessions = await register('mass', 'a', 'b', 'c', 'd');
  for (const id of ['a', 'b', 'c']) await sessions.get(id)!.close();
  await until(async () => Object.values(await states('mass')).includes('mass-drop'));
  assert.equal(await metric('meshkeeper_protection_active{reason="mass-drop"}'), 1);
  assert.ok((await metric('meshkeeper_held_endpoints')) >= 1);
  const held = (await endpoints('mass')).find(({ protection }) => protection !== undefined);
  const { since, until: end } = held!.protection!;
  assert.equal(held?.held, true);
  assert.equal(Date.parse(end!) - Date.parse(since), 300_000);
  const service = await fetch(`${plane.api}/api/v1/services/mass`);
  assert.equal(((await service.json()) as { alarm?: string }).alarm, 'mass-drop');
  assert.equal((await hold('mass', 'DELETE')).status, 204);
  await shows('mass', { d: undefined });
  assert.equal(await metric('meshkeeper_protection_active{reason="mass-drop"}'), 0);
});

test('the last instance is held, unless its service is configured otherwise', async () => {
  for (const service of ['last', 'free']) await (await register(service, 'a')).get('a')!.close();
  await shows('last', { a: 'last-instance' });
  await shows('free', {});
  // What comes back under another name, at the same address, is the same.
  await zk.create('/discovery/last/again', instance('last', 'again', 1000));
  await shows('last', { again: undefined });
});

test('an operator holds a service, whoever leaves', async () => {
  await register('frozen', 'a', 'b');
  assert.equal((await hold('frozen', 'PUT')).status, 200);
  assert.equal((await hold('nobody', 'PUT')).status, 404);
  await until(async () => {
    const { data } = await zk.get('/meshkeeper/overlays/frozen');
    return JSON.parse(data.toString()).hold === true;
  });
  await until(async () => {
    const service = await fetch(`${plane.api}/api/v1/services/frozen`);
    return ((await service.json()) as { hold?: boolean }).hold === true;
  });
  await zk.delete('/discovery/frozen/a');
  await shows('frozen', { a: 'operator', b: undefined });
  assert.equal((await hold('frozen', 'DELETE')).status, 204);
  await shows('frozen', { b: undefined });
});

test('metadata is laid over; what is said of those who are gone is deleted', async () => {
  await register('said', 'a', 'b');
  const put = await fetch(`${plane.api}/api/v1/services/said/endpoints/a/overlay`, {
    method: 'PUT',
    body: '{"metadata":{"canary":"yes"}}',
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(put.status, 200);
  await until(async () => (await endpoints('said'))[0]?.metadata.canary === 'yes');
  await zk.delete('/discovery/said/a');
  await until(async () => (await zk.exists('/meshkeeper/overlays/said/a')) === null);
});

test('shares are written as 0.5 or 50%, and nothing else', async () => {
  const share = async (text: string | number) =>
    (await loadConfig({ flags: { protection: { massDrop: { share: text } } } })).protection.massDrop
      .share;
  assert.equal(await share('50%'), 0.5);
  assert.equal(await share('0.25'), 0.25);
  assert.equal(await share(1), 1);
  for (const wrong of ['150%', 2, 'half', '-1'])
    await assert.rejects(share(wrong), /protection\.massDrop\.share: ".*" is no share: write 0\.5/);
});
