import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Curator,
  type Dubbo,
  type DubboOptions,
  dubboInterfaces,
  type Spring,
  skipWithout,
  startCurator,
  startDubbo,
  startSpring,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Catalog, type Expected } from './support/catalog.ts';
import { type RequestProxy, startRequestProxy } from './support/request-proxy.ts';

const { greeter } = dubboInterfaces;
/** Offered at both levels by one application, and at the interface level alone by another. */
const BOTH = `${greeter}:1.0.0:g`;
/** Offered at the interface level alone. */
const INTERFACE = `${greeter}:2.0.0`;
/** Offered at the application level alone, where its metadata is with itself: it is called for it. */
const LOCAL = `${greeter}:3.0.0`;
/** Offered at the application level alone, with its metadata in ZooKeeper. */
const REMOTE = `${greeter}:4.0.0`;
/** The longest session that anybody gets here, in milliseconds. */
const SESSION_TIMEOUT = 3_000;
/** On a busy machine Java takes longer than the 13 ms that were measured to create a znode again. */
const BUSY = { absorb: '500ms' };
/** Java takes its time on a machine with little of it. */
const PATIENCE = 15_000;
/**
 * In a new session Dubbo's interface level registers again with the second tick of a wheel of 5 s
 * (`retry.period`), and after a failure each time again, without an end.
 */
const RETRY = 10_000;

const skip = skipWithout('zookeeper', 'curator', 'spring', 'dubbo');
const stack = new AsyncDisposableStack();
let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
let catalog: Catalog;
let curator: Curator;
let spring: Spring;
let shop: Dubbo;
let legacy: Dubbo;
/** Before the server that `legacy` is connected to. */
let asked: RequestProxy;
let local: Dubbo;
let remote: Dubbo;
/** Where Dubbo's applications say they are. */
let host: string;

before(async () => {
  if (skip) return;
  zookeeper = stack.use(await startZooKeeper({ maxSessionTimeout: SESSION_TIMEOUT }));
  const { connect } = zookeeper;
  zk = stack.use(await connectTo({ connect, onExpired: 'renew', sessionTimeout: 1_500 }));
  catalog = stack.use(
    await Catalog.start({ zookeeper: connect, sessionTimeout: '1500ms', protection: BUSY }),
  );
  await catalog.ready;
  asked = stack.use(await startRequestProxy(zookeeper));
  [curator, spring, shop, legacy, local, remote] = await Promise.all([
    startCurator({ connect, basePath: '/discovery' }),
    startSpring({ connect, sessionTimeout: SESSION_TIMEOUT }),
    startShop(),
    startLegacy(),
    dubbo({
      ...{ application: 'local', registerMode: 'instance', protocols: [{ name: 'tri' }] },
      services: [{ version: '3.0.0' }],
    }),
    dubbo({
      ...{ application: 'remote', registerMode: 'instance', metadataType: 'remote' },
      services: [{ version: '4.0.0' }],
    }),
  ]);
  for (const each of [curator, spring, legacy, local, remote]) stack.use(each);
  stack.defer(() => shop.close());
  await curator.register({ name: 'orders', id: 'o1', address: '10.0.0.1', port: 8_001 });
  await curator.register({ name: 'orders', id: 'o2', address: '10.0.0.2', port: 8_002 });
  await spring.register({ name: 'customers', id: 'c1', address: '10.0.0.3', port: 8_003 });
  await spring.register({
    ...{ name: 'customers', id: 'c2', address: '10.0.0.4', port: 8_004, status: 'OUT_OF_SERVICE' },
  });
  const { address } = await until(() => catalog.endpoint(LOCAL), { timeout: PATIENCE });
  host = address;
});
after(() => stack.disposeAsync());

function dubbo(options: Omit<DubboOptions, 'connect'> & Partial<DubboOptions>): Promise<Dubbo> {
  return startDubbo({ connect: zookeeper.connect, ...options });
}

/** Registered at the interface level alone; with the same port when it is started again. */
function startLegacy(): Promise<Dubbo> {
  return dubbo({
    ...{ connect: asked.connect, application: 'legacy', registerMode: 'interface' },
    protocols: [{ name: 'dubbo', port: legacy?.ports.get('dubbo') }],
    services: [{ group: 'g', version: '1.0.0', weight: 30 }, { version: '2.0.0' }],
  });
}

/** Registered at both levels, as Dubbo does of itself; with the same ports when it is started again. */
function startShop(): Promise<Dubbo> {
  const ports = shop?.ports ?? new Map();
  return dubbo({
    application: 'shop',
    protocols: (['dubbo', 'tri'] as const).map((name) => ({ name, port: ports.get(name) })),
    services: [{ group: 'g', version: '1.0.0', weight: 30 }],
  });
}

const at = (application: Dubbo, protocol: 'dubbo' | 'tri' = 'dubbo') =>
  `${host}:${application.ports.get(protocol)}`;

/** The whole catalog, as it is as long as nothing happens; `legacy`: how its endpoint is there. */
function everything(change: Readonly<Record<string, Expected>> = {}): Record<string, Expected> {
  return {
    customers: { c1: {}, c2: { health: 'draining' } },
    orders: { o1: {}, o2: {} },
    [BOTH]: { [at(legacy)]: { weight: 30 }, [at(shop)]: { weight: 30 } },
    [`${BOTH}@dubbo`]: { [at(legacy)]: { weight: 30 }, [at(shop)]: { weight: 30 } },
    [`${BOTH}@tri`]: { [at(shop, 'tri')]: { weight: 30 } },
    [INTERFACE]: { [at(legacy)]: {} },
    [LOCAL]: { [at(local, 'tri')]: {} },
    [REMOTE]: { [at(remote)]: {} },
    ...change,
  };
}

/** Waits until the catalog is this and nothing else. */
async function is(wanted: Readonly<Record<string, Expected>>, patience = PATIENCE): Promise<void> {
  for (const [service, expected] of Object.entries(wanted))
    await catalog.has(service, expected, patience);
  const names = catalog.services.filter(({ endpoints }) => endpoints.length > 0);
  assert.deepEqual(
    names.map(({ name }) => name),
    Object.keys(wanted).sort(),
  );
}

/**
 * Every endpoint that there is when nothing happens was in every snapshot since; not so for a name that
 * stands for the protocol that most offer, which two providers may change for a moment (decision 0006).
 */
function nothingFlapped(since: number, but: readonly string[] = []): void {
  for (const [service, expected] of Object.entries(everything()))
    if (service !== BOTH && !but.includes(service))
      catalog.neverWithout(service, Object.keys(expected), since);
}

test('Curator, Spring and Dubbo at both levels are one catalog', { skip }, async () => {
  await is(everything());
  // Each is told of once, by who says the most of it, and nobody takes another's for his own.
  const origins = catalog.services.flatMap(({ endpoints }) =>
    endpoints.map(({ origin }) => `${origin.registry} ${origin.path.split('/')[1]}`),
  );
  assert.deepEqual([...new Set(origins)].sort(), [
    'curator discovery',
    'dubbo dubbo', // the interface level
    'dubbo services', // the application level
    'spring services',
  ]);
  const paths = catalog.service(BOTH)!.endpoints.map(({ origin }) => origin.path);
  for (const path of paths) assert.match(path, /^\/dubbo\/.*\/providers\//);
  assert.deepEqual(await catalog.problems(), {});
  assert.equal(catalog.service(LOCAL)?.protocol, 'grpc');
  assert.equal(catalog.service(REMOTE)?.protocol, 'dubbo');
});

test('the real consumer calls what is in the catalog', { skip }, async () => {
  const wanted = [
    [legacy, { group: 'g', version: '1.0.0', protocol: 'tri' }, shop],
    [shop, { version: '2.0.0' }, legacy],
    [legacy, { version: '3.0.0' }, local],
    [legacy, { version: '4.0.0' }, remote],
  ] as const;
  for (const [consumer, call, { ports }] of wanted) {
    const answer = await consumer.call(call);
    const port = Number(/ at (\d+)$/.exec(answer)?.[1]);
    assert.ok([...ports.values()].includes(port), answer);
  }
  await is(everything());
});

test('a provider weighted by a rule: its weight changes, and it is never gone', {
  skip,
}, async () => {
  const since = catalog.snapshots.length;
  const rule = (weight: number) =>
    [
      'configVersion: v3.0\nscope: service\nenabled: true',
      `key: g/${greeter}:1.0.0\nconfigs:`,
      `  - side: provider\n    parameters:\n      weight: ${weight}\n`,
    ].join('\n');
  const key = `${BOTH}.configurators`;
  const weighted = (weight: number) => ({
    ...{ [BOTH]: { [at(legacy)]: { weight }, [at(shop)]: { weight } } },
    [`${BOTH}@dubbo`]: { [at(legacy)]: { weight }, [at(shop)]: { weight } },
    [`${BOTH}@tri`]: { [at(shop, 'tri')]: { weight } },
  });
  await shop.setRule(key, rule(77));
  await is(everything(weighted(77)));
  // Dubbo may keep the weight of a rule that is gone. Whatever its URLs say is in the catalog.
  await zk.delete(`/dubbo/config/dubbo/${key}`);
  await until(async () => {
    const { children } = await zk.children(`/dubbo/${greeter}/providers`);
    const said = children
      .map((name) => new URL(decodeURIComponent(name)))
      .filter(({ searchParams }) => searchParams.get('version') === '1.0.0')
      .map(({ host, searchParams }) => `${host} ${searchParams.get('weight')}`);
    const served = ['dubbo', 'tri'].flatMap((protocol) =>
      catalog.service(`${BOTH}@${protocol}`)!.endpoints.map(({ id, weight }) => `${id} ${weight}`),
    );
    assert.deepEqual(served.sort(), said.sort());
    return served.some((each) => each.endsWith(' 30'));
  });
  await shop.setRule(key, rule(30));
  await is(everything(weighted(30)));
  nothingFlapped(since);
});

test('a graceful stop: it goes at once, and the others stay', {
  skip,
}, async () => {
  const since = catalog.snapshots.length;
  await curator.unregister('o1');
  await is(everything({ orders: { o2: {} } }));
  await curator.register({ name: 'orders', id: 'o1', address: '10.0.0.1', port: 8_001 });
  await is(everything());
  await legacy.stop();
  // Of its session's znodes the last to be deleted may have gone with the session as well: then it is
  // held, as the only one of its service, until an operator lets it go.
  await until(async () => {
    const [last] = await catalog.shown(INTERFACE);
    return last === undefined || last.held === 'last-instance';
  });
  await fetch(`${catalog.api}/api/v1/services/${INTERFACE}/hold`, { method: 'DELETE' });
  const { [INTERFACE]: _, ...others } = everything({
    // Its name stands for the protocol that most offer: now it is as many for each.
    [BOTH]: { [at(shop, 'tri')]: { weight: 30 } },
    [`${BOTH}@dubbo`]: { [at(shop)]: { weight: 30 } },
  });
  await is(others);
  // Started again at the same port, it is as if nothing had been.
  legacy = stack.use(await startLegacy());
  await is(everything());
  nothingFlapped(since, ['orders', INTERFACE, `${BOTH}@dubbo`]);
  catalog.neverWithout(`${BOTH}@dubbo`, [at(shop)], since);
  catalog.neverWithout('orders', ['o2'], since);
});

test('kill -9 and a restart on the same port: nothing is noticed', { skip }, async () => {
  const since = catalog.snapshots.length;
  const before = catalog.endpoint(BOTH, at(shop))!;
  await shop.kill();
  // As long as its session lasts nobody can know.
  await is(everything());
  shop = await startShop();
  const from = () => catalog.endpoint(BOTH, at(shop))?.warmup?.from ?? 0;
  await until(() => from() > before.warmup!.from, { message: 'its youngest start counts' });
  await until(async () => (await zk.exists(before.origin.path)) === null, {
    ...{ timeout: PATIENCE, message: 'the first session is over' },
  });
  await is(everything());
  nothingFlapped(since);
});

test('kill -9: what was in the session is waited for, and held if nobody else is there', {
  skip,
}, async () => {
  const since = catalog.snapshots.length;
  await spring.kill();
  await is(everything());
  // The one out of service takes no requests: it isn't missed.
  await is(everything({ customers: { c1: { held: 'last-instance' } } }));
  catalog.neverWithout('customers', ['c1'], since);
  // Its instances have other ids after a restart, and the addresses that they had.
  spring = stack.use(
    await startSpring({ connect: zookeeper.connect, sessionTimeout: SESSION_TIMEOUT }),
  );
  await spring.register({ name: 'customers', id: 'c3', address: '10.0.0.3', port: 8_003 });
  await is(everything({ customers: { c3: {} } }));
  await spring.deregister('c3');
  await spring.register({ name: 'customers', id: 'c1', address: '10.0.0.3', port: 8_003 });
  await spring.register({
    ...{ name: 'customers', id: 'c2', address: '10.0.0.4', port: 8_004, status: 'OUT_OF_SERVICE' },
  });
  await is(everything());
  nothingFlapped(since, ['customers']);
});

test('ZooKeeper restarts with its data: Curator creates its nodes again, and nothing is noticed', {
  skip,
}, async () => {
  const since = catalog.snapshots.length;
  const { czxid } = (await zk.exists('/discovery/orders/o1'))!;
  await zookeeper.restart();
  await until(async () => ((await zk.exists('/discovery/orders/o1'))?.czxid ?? 0n) > czxid, {
    ...{ timeout: PATIENCE, message: 'Curator has deleted and created its node' },
  });
  await is(everything());
  nothingFlapped(since);
});

test('ZooKeeper is wiped and restarted empty: everything is served until it is back', {
  skip,
}, async () => {
  const since = catalog.snapshots.length;
  await zookeeper.kill();
  await is(everything());
  await rm(join(zookeeper.dataDir, 'version-2'), { recursive: true });
  asked.forget();
  await zookeeper.start();
  // Curator, Spring and Dubbo's application level register with all that is above it.
  await until(async () => (await curator.query('orders')).length === 2, { timeout: PATIENCE });
  const { [LOCAL]: told, [REMOTE]: known, customers, orders } = everything();
  const alone = { [INTERFACE]: { [at(legacy)]: { held: 'last-instance' } } };
  const tri = { [`${BOTH}@tri`]: { [at(shop, 'tri')]: { weight: 30 } } };
  for (const [service, expected] of Object.entries({
    ...{ customers, orders, [LOCAL]: told, [REMOTE]: known },
    ...{ ...alone, ...tri },
  }))
    await catalog.has(service, expected!, PATIENCE);
  // Nothing tells of its metadata any more: Dubbo doesn't write it again.
  assert.equal(await zk.exists('/dubbo/metadata/remote'), null);
  assert.equal(await zk.exists('/dubbo/mapping'), null);
  // The interface level tries for ever, and fails: it believes what is above to be there still.
  const providers = `/dubbo/${greeter}/providers/`;
  const tries = () =>
    asked.requests.filter(
      ({ op, paths: [path] }) => op.startsWith('create') && path?.startsWith(providers),
    );
  await until(() => tries().length >= 4, { timeout: 3 * RETRY, message: 'both URLs, twice' });
  assert.equal(await zk.exists(`/dubbo/${greeter}`), null);
  await catalog.has(INTERFACE, alone[INTERFACE]!);
  // Whoever creates the directory helps all that are without it: here one that starts.
  const fresh = stack.use(
    await dubbo({
      ...{ application: 'fresh', registerMode: 'interface' },
      services: [{ version: '5.0.0' }],
    }),
  );
  await is(everything({ [`${greeter}:5.0.0`]: { [at(fresh)]: {} } }), PATIENCE + RETRY);
  // The other half is enough to let one go.
  nothingFlapped(since, [`${BOTH}@dubbo`]);
  catalog.neverWithout(`${BOTH}@dubbo`, [at(shop)], since);
});
