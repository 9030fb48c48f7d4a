import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Service } from '@meshkeeper/mesh';
import {
  type Dubbo,
  dubboInterfaces,
  skipWithout,
  startDubbo,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { CreateMode, connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import { dubbo, type Entry, type Registration, TreeSource } from '../../src/index.ts';

const skip = skipWithout('zookeeper', 'dubbo');
const { greeter, farewell } = dubboInterfaces;
let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
/** Provides, and registers with another root: nobody finds it but through us. */
let hidden: Dubbo;
/** Provides, registered at the application level alone, with metadata of its own. */
let shop: Dubbo;
/** Calls. */
let buyer: Dubbo;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  zk = await connectTo({ connect });
  const protocols = [{ name: 'dubbo' }, { name: 'tri' }] as const;
  hidden = await startDubbo({
    ...{ connect, application: 'hidden', name: 'harry', protocols, registryGroup: 'elsewhere' },
    services: [{ group: 'g', version: '1.0.0' }, { version: '2.0.0' }],
  });
  shop = await startDubbo({
    ...{ connect, application: 'shop', name: 'anna', protocols, registerMode: 'instance' },
    services: [{ group: 'g', version: '5.0.0', weight: 30, methods: { greet: { timeout: 300 } } }],
  });
  buyer = await startDubbo({ connect, application: 'buyer', protocols: [] });
});
after(async () => {
  await Promise.all([hidden?.close(), shop?.close(), buyer?.close(), zk?.close()]);
  await zookeeper?.close();
});

/** Follows a source, and keeps the services that it tells. */
function follow(root?: string) {
  const source = new TreeSource({ name: 'dubbo', dialect: dubbo, zk, ...(root && { root }) });
  const services = new Map<string, Service>();
  const stop = new AbortController();
  const ended = (async () => {
    for await (const change of source.changes(stop.signal)) {
      if (change.type === 'reset') services.clear();
      const told = change.type === 'reset' ? change.services : [];
      for (const service of change.type === 'upsert' ? [change.service] : told)
        services.set(service.name, service);
      if (change.type === 'remove') services.delete(change.name);
    }
  })();
  return {
    ...{ source, services },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Creates what an encoder says, as the control plane does. */
async function register(entries: readonly Entry[]): Promise<void> {
  for (const { path, data, mode, merge } of entries) {
    const known = merge && (await zk.exists(path)) ? (await zk.get(path)).data : undefined;
    const merged = known && merge?.(known, data);
    if (merged !== undefined) await zk.set(path, merged);
    else if (known === undefined) await zk.create(path, data, { mode, parents: true });
  }
}

/** A URL has another name when it is revised. */
async function replace(before: Pick<Entry, 'path'>, now: Pick<Entry, 'path' | 'data'>) {
  const { path, data } = now;
  await zk.multi([
    { op: 'delete', path: before.path },
    { op: 'create', path, data, mode: CreateMode.EPHEMERAL },
  ]);
}

/** Where the hidden provider is, as it says itself. */
async function hiddenAt(protocol: 'dubbo' | 'tri'): Promise<Registration> {
  const service = `${greeter}:1.0.0:g`;
  await using elsewhere = follow('/elsewhere');
  const { address, port } = await until(
    () => elsewhere.services.get(`${service}@${protocol}`)?.endpoints[0],
    { message: 'the hidden provider is there', timeout: 30_000 },
  );
  assert.equal(port, hidden.ports.get(protocol));
  return { service, address, port, metadata: { protocol, methods: 'greet,pause' } };
}

/** Waits until the buyer finds the hidden provider. */
async function answersFor(asked: Parameters<Dubbo['call']>[0]): Promise<void> {
  const answer = await until(() => buyer.call(asked), found);
  assert.match(JSON.stringify(answer), /harry greets world/);
}

const call = { group: 'g', version: '1.0.0' } as const;
const found = { timeout: 30_000 };

test('the real consumer calls a provider that we have registered, and revised', {
  skip,
}, async () => {
  for (const protocol of ['dubbo', 'tri'] as const) {
    const registration = await hiddenAt(protocol);
    const [entry] = dubbo.encode('/dubbo', registration, Date.now());
    await register([entry!]);
    const asked = { ...call, protocol };
    await answersFor(asked);
    const revised = dubbo.revise(entry!, { weight: 7, metadata: { odd: "a b*c!'()~é/" } });
    await replace(entry!, revised);
    await answersFor(asked);
    if (protocol === 'tri') await nobodyCallsDrained(asked, revised);
    else await zk.delete(revised.path);
  }
});

async function nobodyCallsDrained(
  asked: Parameters<Dubbo['call']>[0],
  registered: Pick<Entry, 'path' | 'data'>,
): Promise<void> {
  const out = dubbo.revise(registered, { health: 'draining' });
  await replace(registered, out);
  await until(async () => {
    await assert.rejects(buyer.call(asked), /No provider available/);
    return true;
  }, found);
  await zk.delete(out.path);
}

test('the real consumer calls an application that we have registered', { skip }, async () => {
  const { metadata, ...registration } = await hiddenAt('dubbo');
  const application = 'ours';
  const entries = dubbo.encode(
    '/dubbo',
    {
      ...registration,
      service: `${greeter}:2.0.0`,
      metadata: { ...metadata, application, 'register-mode': 'instance' },
    },
    Date.now(),
  );
  await register(entries);
  await answersFor({ version: '2.0.0', protocol: 'dubbo' });
  await using read = follow();
  const service = await until(() => read.services.get(`${greeter}:2.0.0`));
  assert.equal(service.endpoints[0]?.port, registration.port);
  await zk.delete(entries[0]!.path);
});

test('what an application tells of itself, by a call', { skip }, async () => {
  await using read = follow();
  const name = `${greeter}:5.0.0:g`;
  const service = await until(() => read.services.get(name), found);
  assert.equal(service.protocol, 'grpc');
  const [endpoint] = service.endpoints;
  assert.equal(endpoint?.port, shop.ports.get('tri'));
  assert.equal(endpoint?.weight, 30);
  assert.equal(endpoint?.metadata['greet.timeout'], '300');
  assert.match(endpoint?.origin.path ?? '', /^\/services\/shop\//);
  assert.equal(read.services.get(`${name}@dubbo`)?.endpoints[0]?.port, shop.ports.get('dubbo'));
  assert.deepEqual([...read.source.problems], []);
  // Another service is another revision.
  const provided = await shop.provide({ interface: farewell, version: '5.0.0' });
  await until(() => read.services.get(`${farewell}:5.0.0`), found);
  assert.equal(read.services.get(name)?.endpoints[0]?.id, endpoint?.id);
  await shop.withdraw(provided);
  await until(() => !read.services.has(`${farewell}:5.0.0`), found);
  assert.equal(read.services.get(name)?.endpoints[0]?.id, endpoint?.id);
});

test('a provider that a rule has hit stays who it is', { skip }, async () => {
  await using both = await startDubbo({
    ...{ connect: zookeeper.connect, application: 'both', name: 'bob' },
    services: [{ group: 'g', version: '7.0.0' }],
  });
  await using read = follow();
  const name = `${greeter}:7.0.0:g`;
  const weight = (wanted: number) =>
    until(() => read.services.get(name)?.endpoints.find((one) => one.weight === wanted), found);
  const before = await weight(100);
  assert.equal(before.port, both.ports.get('dubbo'));
  const key = `${name}.configurators`;
  const rule = [
    'configVersion: v3.0\nscope: service\nenabled: true',
    `key: g/${greeter}:7.0.0\nconfigs:`,
    '  - side: provider\n    parameters:\n      weight: 77\n',
  ];
  await both.setRule(key, rule.join('\n'));
  const hit = await weight(77);
  assert.deepEqual([hit.id, hit.warmup], [before.id, before.warmup]);
  assert.equal(read.services.get(name)?.endpoints.length, 1);
  await zk.delete(`/dubbo/config/dubbo/${key}`);
  assert.equal((await weight(100)).id, before.id);
});
