import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type Dubbo,
  dubboInterfaces,
  skipWithout,
  startDubbo,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper', 'dubbo');
const greeter = dubboInterfaces.greeter;
let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
let shop: Dubbo;
let buyer: Dubbo;

before(async () => {
  if (skip) return;
  // Dubbo would ask for a minute.
  zookeeper = await startZooKeeper({ maxSessionTimeout: 4_000 });
  const { connect } = zookeeper;
  zk = await connectTo({ connect });
  shop = await startDubbo({
    ...{ connect, application: 'shop', name: 'anna' },
    protocols: [{ name: 'dubbo' }, { name: 'tri' }],
    services: [
      { group: 'g', version: '1.0.0', timeout: 60_000, methods: { pause: { timeout: 2_000 } } },
      { version: '2.0.0', tag: 'gray' },
    ],
  });
  buyer = await startDubbo({ connect, application: 'buyer', protocols: [] });
});
after(async () => {
  await Promise.all([shop?.close(), buyer?.close(), zk?.close()]);
  await zookeeper?.close();
});

/** The nodes of the providers' URLs, decoded. */
async function urls(): Promise<URL[]> {
  const { children } = await zk.children(`/dubbo/${greeter}/providers`);
  return children.map((name) => new URL(decodeURIComponent(name.replaceAll('+', '%20'))));
}

test('a consumer finds a provider, and says who answered, with each protocol', {
  skip,
}, async () => {
  for (const protocol of ['dubbo', 'tri'] as const) {
    const answer = await buyer.call({ group: 'g', version: '1.0.0', protocol });
    assert.equal(answer, `anna greets world at ${shop.ports.get(protocol)}`);
  }
});

test("a method's timeout is its own", { skip }, async () => {
  const call = { group: 'g', version: '1.0.0', protocol: 'dubbo', method: 'pause' } as const;
  assert.match(await buyer.call({ ...call, argument: 1 }), /^anna paused/);
  await assert.rejects(buyer.call({ ...call, argument: 10_000 }), /TimeoutException|timeout/i);
});

test('a tagged provider answers who asks with the tag', { skip }, async () => {
  const call = { version: '2.0.0', protocol: 'dubbo' } as const;
  const answer = await buyer.call({ ...call, attachments: { 'dubbo.tag': 'gray' } });
  assert.match(answer, /^anna greets world/);
  await assert.rejects(buyer.call(call), /No provider available/);
});

test('a rule reaches the provider', { skip }, async () => {
  const key = `${greeter}:1.0.0:g.configurators`;
  const rule = `configVersion: v3.0
scope: service
key: g/${greeter}:1.0.0
enabled: true
configs:
  - side: provider
    parameters:
      weight: 77
`;
  const weights = async () => {
    const ours = (await urls()).filter((url) => url.searchParams.get('group') === 'g');
    return ours.map((url) => url.searchParams.get('weight'));
  };
  await shop.setRule(key, rule);
  assert.equal(String((await zk.get(`/dubbo/config/dubbo/${key}`)).data), rule);
  // Dubbo writes the URL of one of its protocols anew, and leaves the other as it was.
  await until(async () => (await weights()).includes('77'), { timeout: 30_000 });
});

test('services come and go, also by QoS', { skip }, async () => {
  const farewell = dubboInterfaces.farewell;
  const at = `/dubbo/${farewell}/providers`;
  const count = async () => ((await zk.exists(at)) ? (await zk.children(at)).children.length : 0);
  const provided = await shop.provide({ interface: farewell });
  await until(async () => (await count()) === 2);
  assert.match(await buyer.call({ interface: farewell, method: 'leave' }), /^anna leaves world/);
  await shop.offline(farewell);
  await until(async () => (await count()) === 0);
  await shop.online(farewell);
  await until(async () => (await count()) === 2);
  await shop.withdraw(provided);
  await until(async () => (await count()) === 0);
});

test('SIGTERM deregisters, SIGKILL leaves nodes until the session expires', { skip }, async () => {
  const { connect } = zookeeper;
  const start = (name: string) =>
    startDubbo({
      ...{ connect, application: 'other', name },
      services: [{ version: '3.0.0' }],
    });
  const others = async () => {
    const found = await urls();
    return found.filter((url) => url.searchParams.get('version') === '3.0.0').length;
  };
  await using stopped = await start('stopped');
  await until(async () => (await others()) === 1);
  await stopped.stop();
  assert.equal(await others(), 0);
  await using killed = await start('killed');
  await until(async () => (await others()) === 1);
  await killed.kill();
  await assert.rejects(killed.call(), { code: 'closed' });
  await until(async () => (await others()) === 0, { timeout: 30_000 });
});
