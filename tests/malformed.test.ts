import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Curator,
  skipWithout,
  startCurator,
  startZooKeeper,
  until,
} from '@meshkeeper/testbed';
import { endpointsOf, getJson, metric, type ServicesView, settled } from './support/api.ts';
import { type Application, startApplication } from './support/application.ts';
import { meshkeeper, meshkeeperJson } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';
import { type DataPlane, dataPlanes } from './support/data-plane.ts';
import { ask } from './support/load.ts';

const DIRECTORY = '/discovery/orders';
/** What can't be used, by its znode, and what is said of it. */
const MALFORMED: Readonly<Record<string, { data: string; code: string; message: RegExp }>> = {
  [`${DIRECTORY}/broken`]: {
    data: '{"name":"orders","id":"broken",',
    code: 'malformed',
    message: /no JSON object/,
  },
  [`${DIRECTORY}/huge`]: {
    data: JSON.stringify({ name: 'orders', id: 'huge', payload: 'x'.repeat(900 * 1024) }),
    code: 'too-large',
    message: /bytes; an instance has at most \d+/,
  },
  [`${DIRECTORY}/nowhere`]: {
    data: instance('nowhere', 'does-not-exist.invalid', 80),
    code: 'bad-address',
    message: /does-not-exist\.invalid can't be resolved/,
  },
};

const skip = skipWithout('zookeeper', 'curator');
const stack = new AsyncDisposableStack();
let api: string;
let curator: Curator;
let gateway: DataPlane;
let orders: Application;

before(async () => {
  if (skip) return;
  const { connect } = stack.use(await startZooKeeper());
  curator = stack.use(await startCurator({ connect, basePath: '/discovery' }));
  const controlPlane = stack.use(await startControlPlane(connect));
  api = controlPlane.ready.api;
  const [startDataPlane] = Object.values(dataPlanes);
  gateway = stack.use(await startDataPlane!(controlPlane.ready.xds, 'gateway'));
  orders = stack.use(await startApplication({ curator, service: 'orders', name: 'orders-1' }));
  stack.use(await startApplication({ curator, service: 'customers', name: 'customers-1' }));
});
after(() => stack.disposeAsync());

test('what can not be used is reported, and the rest is unaffected', { skip }, async (t) => {
  for (const [path, { data }] of Object.entries(MALFORMED)) await curator.create(path, data);
  await problems(3);

  await t.test('by the API and by services -o json', async () => {
    const views = [
      await getJson<ServicesView>(`${api}/api/v1/services`),
      await meshkeeperJson<ServicesView>('services', '--server', api),
    ];
    for (const { registries } of views) {
      const reported = registries.find(({ name }) => name === 'curator')?.problems ?? [];
      assert.deepEqual(
        reported.map(({ path, code }) => ({ path, code })),
        Object.entries(MALFORMED).map(([path, { code }]) => ({ path, code })),
      );
      for (const { path, message } of reported) assert.match(message, MALFORMED[path]!.message);
    }
  });

  await t.test('by the warnings of services', async () => {
    const { code, stdout, stderr } = await meshkeeper(['services', '--server', api, '-o', 'table']);
    assert.equal(code, 0);
    assert.match(stdout, /^NAME .*\ncustomers +http +1\/1 .*\norders +http +1\/1 /);
    const warnings = stderr.trimEnd().split('\n');
    assert.equal(warnings.length, 3, stderr);
    for (const [path, { code, message }] of Object.entries(MALFORMED)) {
      const warning = warnings.find((line) => line.startsWith(`warning: ${code} ${path}: `));
      assert.match(warning ?? `no warning of ${path}`, message);
    }
  });

  await t.test('by the metric', async () => {
    const problems = await metric(api, 'meshkeeper_registry_problems');
    assert.deepEqual(
      [...problems].filter(([, count]) => count > 0),
      [['curator', 3]],
    );
  });

  await t.test('and the other instances are served', async () => {
    for (const service of ['orders', 'customers']) {
      await settled(api, service, [`${service}-1`]);
      const answer = await ask(gateway.url, service);
      assert.deepEqual(answer, { status: 200, body: `${service}-1` });
    }
  });
});

test('what was healthy and is broken now leaves no stale endpoint', { skip }, async () => {
  const path = `${DIRECTORY}/turns`;
  await curator.create(path, instance('turns', '127.0.0.1', orders.backend.port + 1));
  await settled(api, 'orders', ['orders-1', 'turns']);
  await curator.set(path, 'not an instance any more');
  await problems(4);
  await settled(api, 'orders', ['orders-1']);
  await curator.delete(path);
  await problems(3);
});

test('what is repaired is served, and its problem goes', { skip }, async () => {
  for (const [index, path] of Object.keys(MALFORMED).entries()) {
    const id = path.slice(DIRECTORY.length + 1);
    await curator.set(path, instance(id, '127.0.0.1', 20_000 + index));
    await problems(2 - index);
    const endpoints = await until(async () => {
      const found = await endpointsOf(api, 'orders');
      return found.some((endpoint) => endpoint.id === id) && found;
    });
    assert.equal(endpoints.length, 2 + index);
  }
  const { stderr } = await meshkeeper(['services', '--server', api, '-o', 'table']);
  assert.equal(stderr, '');
});

/** Waits until that many problems are known. */
async function problems(wanted: number): Promise<void> {
  await until(
    async () => (await metric(api, 'meshkeeper_registry_problems')).get('curator') === wanted,
    { message: `${wanted} problems are known` },
  );
}

function instance(id: string, address: string, port: number): string {
  return JSON.stringify({ name: 'orders', id, address, port });
}
