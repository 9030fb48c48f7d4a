import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, startZooKeeper, until } from '@meshkeeper/testbed';
import { connect as connectZooKeeper } from '@meshkeeper/zookeeper';
import { connect, type Mesh, type MeshStatus, SdkError } from '../src/index.ts';
import { backend, type Home, home, instance } from './fixture.ts';

const bounded = () => ({ signal: AbortSignal.timeout(20_000) });

/** Waits until a service has so many endpoints here. */
async function has(mesh: Mesh, service: string, count: number): Promise<void> {
  for await (const endpoints of mesh.service(service).endpoints(bounded()))
    if (endpoints.length === count) return;
  assert.fail(`${service} never had ${count} endpoints`);
}

async function becomes(mesh: Mesh, state: MeshStatus['state']): Promise<MeshStatus> {
  for await (const status of mesh.statuses(bounded())) if (status.state === state) return status;
  assert.fail(`never ${state}: ${JSON.stringify(mesh.status)}`);
}

describe('a mesh', () => {
  let at: Home;
  let mesh: Mesh;
  before(async () => {
    at = await home();
    mesh = await at.mesh({ service: 'caller' });
  });
  after(async () => {
    await mesh?.close();
    await at?.[Symbol.asyncDispose]();
  });

  test('shows endpoints as they come, change and go', async () => {
    const service = mesh.service('shop');
    const seen: number[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const endpoints of service.endpoints(stop)) seen.push(endpoints.length);
    })();
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [0], 'the first value comes at once, also where there is none');
    const one = await instance(mesh, 'shop', 4001);
    await has(mesh, 'shop', 1);
    const [endpoint] = service.current ?? [];
    assert.deepEqual(
      [endpoint?.address, endpoint?.port, endpoint?.weight, endpoint?.leader],
      ['127.0.0.1', 4001, 100, false],
    );
    const two = await mesh.register({
      ...{ service: 'shop', address: '127.0.0.2', port: 4002, weight: 300 },
      ...{ metadata: { version: '2' }, locality: { region: 'eu', zone: 'a' } },
    });
    await has(mesh, 'shop', 2);
    const other = service.current?.find(({ port }) => port === 4002);
    assert.equal(other?.weight, 300);
    assert.deepEqual(other?.locality, { region: 'eu', zone: 'a', subzone: '' });
    await Promise.all([one.close(), one.close()]);
    assert.equal(one.state, 'leaving');
    await has(mesh, 'shop', 1);
    await two.close();
    stop.abort();
    await following;
  });

  test('registers when it is ready, drains when it is not, and comes back', async () => {
    let ready: boolean | Error = false;
    const registered = await mesh.register({
      ...{ service: 'slow', address: '127.0.0.1', port: 4003 },
      readiness: () => {
        if (ready instanceof Error) throw ready;
        return ready;
      },
      readinessInterval: 10,
    });
    const states: string[] = [];
    const following = (async () => {
      for await (const state of registered.states()) states.push(state);
    })();
    await has(mesh, 'slow', 0);
    assert.equal(registered.state, 'waiting');
    ready = true;
    await has(mesh, 'slow', 1);
    ready = new Error('the database is away');
    await until(() => registered.state === 'draining');
    await until(() => mesh.service('slow').current?.every(({ health }) => health === 'draining'));
    ready = true;
    await until(() => mesh.service('slow').current?.some(({ health }) => health !== 'draining'));
    await registered.close();
    await following;
    assert.deepEqual(states, ['waiting', 'registered', 'draining', 'registered', 'leaving']);
  });

  test('says what makes no sense, all of it together', async () => {
    const wrong = { server: 'nowhere', xds: 'nowhere', dialect: 'none', connectTimeout: -1 };
    await assert.rejects(connect(wrong), (error: SdkError) => {
      assert.equal(error.code, 'INVALID_ARGUMENT');
      for (const part of ['server nowhere', 'xds nowhere', 'dialect none', 'connectTimeout is -1'])
        assert.ok(error.message.includes(part), error.message);
      return true;
    });
    await assert.rejects(mesh.register({ port: 0 }), /port is 0/);
    const nameless = await at.mesh();
    await assert.rejects(nameless.register({ port: 1 }), /which service/);
    await nameless.close();
    await nameless.close();
    await assert.rejects(nameless.fetch('http://shop/'), { code: 'CLOSED' });
    await assert.rejects(nameless.lock('x'), { code: 'CLOSED' });
    await assert.rejects(connect({}, { signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  });

  test('a killed instance fails no request that may be repeated', async () => {
    const answers = () => backend((_, response) => setTimeout(() => response.end('ok'), 1));
    const servers = await Promise.all([answers(), answers(), answers()]);
    const registered = await Promise.all(servers.map(({ port }) => instance(mesh, 'many', port)));
    await has(mesh, 'many', 3);
    let done = 0;
    const failures: unknown[] = [];
    let running = true;
    const worker = async () => {
      while (running) {
        try {
          const response = await mesh.fetch('http://many/');
          const text = await response.text();
          if (response.status !== 200 || text !== 'ok') failures.push(response.status);
        } catch (error) {
          failures.push(error);
        }
        done++;
      }
    };
    const workers = Array.from({ length: 16 }, worker);
    await until(() => done > 300);
    await servers[0]!.kill();
    const after = done;
    await until(() => done > after + 1_000);
    running = false;
    await Promise.all(workers);
    assert.deepEqual(failures, []);
    await Promise.all(registered.map((each) => each.close()));
    await Promise.all(servers.map((server) => server.kill()));
  });

  test('locks and elections', async () => {
    const other = await at.mesh();
    const lease = await mesh.lock('nightly');
    assert.match(lease.fencing, /^0\.\d+$/);
    await assert.rejects(other.lock('nightly', { wait: 50 }), { code: 'TIMEOUT' });
    const next = other.lock('nightly');
    await lease.release();
    assert.equal((lease.signal.reason as SdkError).code, 'LOST');
    const second = await next;
    assert.notEqual(second.fencing, lease.fencing);
    await second.release();

    const first = mesh.elect('cleaner');
    const won = await first.lead(bounded());
    const waiting = other.elect('cleaner');
    assert.equal(waiting.lease, undefined);
    assert.equal(first.lease, won);
    await first.close();
    await waiting.lead(bounded());
    await other.close();
    assert.equal(waiting.lease, undefined);
  });
});

test('while the control plane is away what was known last serves, and it says so', async () => {
  await using at = await home();
  const lines: string[] = [];
  const note = (_: object, message: string) => lines.push(message);
  const logger = { debug() {}, info: note, warn: note };
  const cacheDir = await mkdtemp(join(tmpdir(), 'meshkeeper-sdk-'));
  await using server = await backend((_, response) => response.end('still here'));
  await using other = await at.mesh();
  await instance(other, 'shop', server.port);
  {
    await using mesh = await at.mesh({ service: 'caller', logger, cacheDir });
    await has(mesh, 'shop', 1);
    assert.equal(await (await mesh.fetch('http://shop/')).text(), 'still here');
    assert.equal(mesh.status.state, 'live');
    await at.stop();
    const stale = await becomes(mesh, 'stale');
    assert.deepEqual(
      stale.what.map(({ part }) => part),
      ['services'],
    );
    assert.equal(await (await mesh.fetch('http://shop/')).text(), 'still here');
    assert.equal(lines.filter((line) => line.includes('stale')).length, 1);
  }
  // A program that starts now begins with what was kept.
  await using late = await at.mesh({ service: 'caller', cacheDir });
  assert.equal(late.status.state, 'stale');
  assert.equal(await (await late.fetch('http://shop/')).text(), 'still here');
  assert.deepEqual((await readdir(cacheDir)).sort(), ['caller.json']);
  // And one that never was connected says what to do.
  const { xds } = at;
  const newOne = { service: 'new', cacheDir, connectTimeout: 300 };
  await assert.rejects(at.mesh({ ...newOne, xds }), (error) => {
    assert.ok(error instanceof SdkError);
    assert.equal(error.code, 'NOT_CONNECTED');
    assert.match(error.message, /meshkeeper up.*MESHKEEPER_SERVER.*Nothing is kept/s);
    return true;
  });
  await at.restart();
  await becomes(late, 'live');
  await using another = await instance(other, 'shop', 4001);
  await has(late, 'shop', 2);
  assert.equal(another.state, 'registered');
  await rm(cacheDir, { recursive: true });
});

test('the xDS server is where it is stated to be; else the API says so, as soon as it answers', async () => {
  await using at = await home();
  const stated = at.mesh({ xds: '127.0.0.1:1', connectTimeout: 300 });
  await assert.rejects(stated, /No control plane answers at 127\.0\.0\.1:1 /);
  await at.stop();
  const coming = at.mesh();
  await at.restart();
  await using mesh = await coming;
  assert.equal(mesh.status.state, 'live');
});

test('on Apache ZooKeeper: registers anew in another session', async () => {
  await using server = await startZooKeeper();
  await using at = await home(server.connect);
  const [host = '', port = ''] = server.connect.split(':');
  await using faults = await startFaultProxy({ target: { host, port: Number(port) } });
  await using zk = await connectZooKeeper({ connect: server.connect });
  await using mesh = await at.mesh({ zookeeper: faults.connect, sessionTimeout: 4_000 });
  const registered = await instance(mesh, 'shop', 4001);
  const path = `/services/shop/${registered.instance.id}`;
  const session = async () => (await zk.exists(path))?.ephemeralOwner;
  const first = await session();
  assert.ok(first);
  faults.refuse();
  faults.cut();
  const { what } = await becomes(mesh, 'stale');
  assert.deepEqual(
    what.map(({ part }) => part),
    ['zookeeper'],
  );
  await until(async () => (await session()) === undefined);
  await faults.accept();
  await until(async () => {
    const owner = await session();
    return owner !== undefined && owner !== first;
  });
  await becomes(mesh, 'live');
  assert.equal(registered.state, 'registered');
  await has(mesh, 'shop', 1);
});
