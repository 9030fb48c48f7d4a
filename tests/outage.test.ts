import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DIALECTS } from '@meshkeeper/registries';
import {
  type Curator,
  skipWithout,
  startCurator,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { endpointsOf, getJson, metric, settled } from './support/api.ts';
import { type Application, startApplication } from './support/application.ts';
import { startControlPlane } from './support/control-plane.ts';
import { dataPlanes } from './support/data-plane.ts';
import { type EndpointHistory, recordEndpoints } from './support/endpoint-history.ts';
import { type Load, startLoad } from './support/load.ts';

const SERVICES = ['orders', 'customers'];
/** What applications and the control plane ask for, in milliseconds. */
const SESSION_TIMEOUT = 1_000;

const skip = skipWithout('zookeeper', 'envoy', 'curator');
const stack = new AsyncDisposableStack();
let zookeeper: ZooKeeperServer;
let api: string;
const curators: Curator[] = [];
const applications: Application[] = [];
const loads: Load[] = [];
let history: EndpointHistory;

before(async () => {
  if (skip) return;
  zookeeper = stack.use(await startZooKeeper());
  const options = {
    connect: zookeeper.connect,
    sessionTimeout: SESSION_TIMEOUT,
    basePath: '/discovery',
  };
  const env = { MESHKEEPER_ZOOKEEPER_SESSION_TIMEOUT: `${SESSION_TIMEOUT}ms` };
  const [controlPlane, ...jvms] = await Promise.all([
    startControlPlane(zookeeper.connect, { env }),
    startCurator(options),
    startCurator(options),
  ]);
  for (const each of [controlPlane, ...jvms]) stack.use(each);
  api = controlPlane.ready.api;
  curators.push(...jvms);
  for (const [index, curator] of curators.entries())
    for (const service of SERVICES) {
      const name = `${service}-${index + 1}`;
      applications.push(stack.use(await startApplication({ curator, service, name })));
    }
  const planes = await Promise.all(
    Object.entries(dataPlanes).map(([name, startDataPlane]) =>
      startDataPlane(controlPlane.ready.xds, name),
    ),
  );
  for (const plane of planes) stack.use(plane);
  for (const service of SERVICES) await settled(api, service, [`${service}-1`, `${service}-2`]);
  history = stack.use(recordEndpoints(controlPlane.ready.xds));
  await until(() => SERVICES.every((service) => history.of(service).length > 0));
  for (const { url } of planes)
    for (const host of SERVICES) loads.push(stack.use(startLoad({ url, host, clients: 2 })));
});
after(() => stack.disposeAsync());

test('ZooKeeper stalls for longer than a session: nothing is noticed', { skip }, async () => {
  zookeeper.pause();
  await away();
  zookeeper.resume();
  await back();
});

test('ZooKeeper is killed and comes back: nothing is noticed', { skip }, async () => {
  await zookeeper.kill();
  await away();
  await zookeeper.start();
  await back();
});

test('applications return later than ZooKeeper, in new sessions: nothing is noticed', {
  skip,
}, async () => {
  const [witness, late] = curators;
  late!.pause();
  await zookeeper.kill();
  await until(async () => (await readiness()).status === 'stale');
  await zookeeper.start();
  await until(async () => (await witness!.query('orders')).length === 1, {
    message: 'the session of the one that is late has ended',
  });
  for (const service of SERVICES)
    await until(
      async () => {
        const endpoints = await endpointsOf(api, service);
        assert.deepEqual(
          endpoints.map(({ id, held }) => ({ id, held })),
          [
            { id: `${service}-1`, held: false },
            { id: `${service}-2`, held: true },
          ],
        );
        return true;
      },
      { message: `${service}-2 is held` },
    );
  late!.resume();
  await back();
});

test('what changes after an outage is noticed', { skip }, async () => {
  const [curator] = curators;
  const orders = { curator: curator!, service: 'orders' };
  stack.use(await startApplication({ ...orders, name: 'orders-3' }));
  await settled(api, 'orders', ['orders-1', 'orders-2', 'orders-3']);
  for (const load of loads) load.unharmed();
});

/** A metric of all registries that are read where none are named. */
function ofAll(value: number): Map<string, number> {
  return new Map(
    [...DIALECTS.values()]
      .filter(({ defaultRoot }) => defaultRoot)
      .map(({ name }) => [name, value]),
  );
}

/** The outage is told, and is longer than any session. */
async function away(): Promise<void> {
  await until(async () => (await readiness()).status === 'stale', {
    message: '/readyz says that the registries are stale',
  });
  await until(() => curators.every(({ state }) => state === 'LOST'), {
    message: 'the applications have given their sessions up',
  });
  await until(
    async () =>
      (await metric(api, 'meshkeeper_registry_staleness_seconds')).get('curator')! >
      SESSION_TIMEOUT / 1000,
    {
      message: 'the metric says for how long',
    },
  );
  assert.deepEqual(await metric(api, 'meshkeeper_registry_up'), ofAll(0));
  // Not ready would take the replica out of service, which helps nobody.
  assert.equal((await fetch(`${api}/readyz`)).status, 200);
  await Promise.all(loads.map((load) => load.next(20)));
  for (const load of loads) load.unharmed();
}

/** The outage is over, and it has changed nothing. */
async function back(): Promise<void> {
  await until(async () => (await readiness()).status === 'ready', {
    timeout: 20_000,
    message: '/readyz says that the registries are read',
  });
  assert.deepEqual(await metric(api, 'meshkeeper_registry_staleness_seconds'), ofAll(0));
  assert.deepEqual(await metric(api, 'meshkeeper_registry_up'), ofAll(1));
  await until(() => curators.every(({ state }) => state === 'RECONNECTED'), {
    timeout: 20_000,
    message: 'the applications are back',
  });
  for (const service of SERVICES)
    await until(
      async () => {
        const endpoints = await endpointsOf(api, service);
        const registered = await curators[0]!.query(service);
        assert.deepEqual(
          endpoints.map(({ id, port, held }) => ({ id, port, held })),
          registered.map(({ id, port }) => ({ id, port, held: false })).sort(byId),
        );
        assert.equal(endpoints.length, 2);
        return true;
      },
      { message: `the catalog has of ${service} what the tree has` },
    );
  await Promise.all(loads.map((load) => load.next(20)));
  for (const load of loads) load.unharmed();
  for (const service of SERVICES) {
    const ports = applications
      .filter((application) => application.service === service)
      .map(({ backend }) => String(backend.port));
    assert.deepEqual(history.of(service), [ports.sort().join()], `${service} never changed`);
  }
}

function readiness(): Promise<{ readonly status: string }> {
  return getJson(`${api}/readyz`);
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
