import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  dubboInterfaces,
  type Ensemble,
  skipWithout,
  startCurator,
  startDubbo,
  startEnsemble,
  startSpring,
  until,
} from '@meshkeeper/testbed';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import { getJson } from '../support/api.ts';
import { Catalog } from './support/catalog.ts';

const SERVICE = `${dubboInterfaces.greeter}:1.0.0`;
/** Longer than an election takes. */
const SESSION_TIMEOUT = 20_000;
/** Java takes its time on a machine with little of it. */
const PATIENCE = { timeout: 30_000 };

/** On a busy machine Java takes longer than the 13 ms that were measured to create a znode again. */
const BUSY = { absorb: '500ms' };
const skip = skipWithout('zookeeper', 'curator', 'spring', 'dubbo');
const stack = new AsyncDisposableStack();
let ensemble: Ensemble;
let zk: ZooKeeper;
let catalog: Catalog;

before(async () => {
  if (skip) return;
  ensemble = stack.use(await startEnsemble({ maxSessionTimeout: SESSION_TIMEOUT }));
  const { connect } = ensemble;
  zk = stack.use(await connectTo({ connect, sessionTimeout: SESSION_TIMEOUT }));
  catalog = stack.use(
    await Catalog.start({ zookeeper: connect, sessionTimeout: '20000ms', protection: BUSY }),
  );
  const sessionTimeout = SESSION_TIMEOUT;
  const [curator, spring, dubbo] = await Promise.all([
    startCurator({ connect, sessionTimeout, basePath: '/discovery' }),
    startSpring({ connect, sessionTimeout }),
    startDubbo({
      ...{ connect, sessionTimeout, application: 'shop' },
      services: [{ version: '1.0.0', weight: 30 }],
    }),
  ]);
  for (const each of [curator, spring, dubbo]) stack.use(each);
  for (const [i, name] of ['one', 'two', 'three'].entries()) {
    await curator.register({ name: 'orders', id: name, address: '10.0.0.1', port: 8_000 + i });
    await spring.register({ name: 'customers', id: name, address: '10.0.0.2', port: 8_000 + i });
  }
  await until(() => catalog.endpoint(SERVICE), PATIENCE);
});
after(() => stack.disposeAsync());

test("the ensemble's leader is killed: registries flap, and nobody notices", { skip }, async () => {
  const { id } = catalog.endpoint(SERVICE)!;
  const all = {
    customers: { one: {}, two: {}, three: {} },
    orders: { one: {}, two: {}, three: {} },
    [SERVICE]: { [id]: { weight: 30 } },
  };
  const settled = async () => {
    for (const [service, expected] of Object.entries(all))
      await catalog.has(service, expected, PATIENCE.timeout);
  };
  await settled();
  await until(async () => (await zk.children('/services/shop')).children.length === 1, PATIENCE);
  const since = catalog.snapshots.length;
  /** Those that are created again, and one that is not. */
  const again = ['/discovery/orders/one', '/services/customers/one', `/services/shop/${id}`];
  const providers = `/dubbo/${dubboInterfaces.greeter}/providers`;
  const [url] = (await zk.children(providers)).children;
  const created = async (path: string) => (await zk.exists(path))?.czxid ?? 0n;
  const before = await Promise.all(again.map(created));
  const urlBefore = await created(`${providers}/${url}`);
  const leader = await ensemble.leader();
  await leader.kill();
  await until(async () => {
    const now = await Promise.all(again.map(created));
    return now.every((czxid, i) => czxid > before[i]!);
  }, PATIENCE);
  await until(async () => {
    type Readiness = { status: string };
    return (await getJson<Readiness>(`${catalog.api}/readyz`)).status === 'ready';
  }, PATIENCE);
  await settled();
  assert.equal(await created(`${providers}/${url}`), urlBefore, 'the sessions have survived');
  for (const [service, expected] of Object.entries(all))
    catalog.neverWithout(service, Object.keys(expected), since);
  assert.equal(catalog.snapshots.length, since, 'no data plane was told of anything');
});
