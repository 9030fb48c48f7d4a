import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RoutedRequest, routed, type Service, settingsFor } from '@meshkeeper/mesh';
import {
  type Dubbo,
  type DubboCall,
  dubboInterfaces,
  skipWithout,
  startDubbo,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import { dubbo, TreeSource } from '../../../src/index.ts';

const skip = skipWithout('zookeeper', 'dubbo');
const greeter = dubboInterfaces.greeter;
const call = { group: 'g', version: '1.0.0' } as const;
const name = `${greeter}:1.0.0:g`;
const slow = { timeout: 60_000 };
/** Calls by which a consumer shows whom it knows. */
const CALLS = 24;

let zookeeper: ZooKeeperServer;
let zk: ZooKeeper;
/** Three providers of one service: anna, bob, and carl, who states a tag. */
let shops: readonly Dubbo[] = [];
let buyer: Dubbo;
const stop = new AbortController();
let service: Service | undefined;
let following: Promise<void> | undefined;

before(async () => {
  if (skip) return;
  zookeeper = await startZooKeeper();
  const { connect } = zookeeper;
  zk = await connectTo({ connect });
  const shop = (name: string, more: object) =>
    startDubbo({
      ...{ connect, application: 'shop', name },
      services: [{ ...call, warmup: 1, timeout: 4_000, ...more }],
    });
  shops = await Promise.all([
    shop('anna', {}),
    shop('bob', { parameters: { zone: 'b' } }),
    shop('carl', { tag: 'gray' }),
  ]);
  buyer = await startDubbo({ connect, application: 'buyer', protocols: [] });
  const source = new TreeSource({ name: 'dubbo', dialect: dubbo, zk });
  following = (async () => {
    for await (const change of source.changes(stop.signal)) {
      const told = change.type === 'reset' ? change.services : [];
      for (const one of change.type === 'upsert' ? [change.service] : told)
        if (one.name === name) service = one;
    }
  })();
  await until(() => service?.endpoints.length === 3, slow);
});
after(async () => {
  stop.abort();
  await following;
  await Promise.all([...shops, buyer].map((each) => each?.close()));
  await zk?.close();
  await zookeeper?.close();
});

/** Who answers a request, in the order of their names, as the real consumer has it. */
async function answering(more: Partial<DubboCall> = {}, consumer = buyer): Promise<string> {
  const found = new Set<string>();
  for (let i = 0; i < CALLS; i++) {
    const answer = await consumer
      .call({ ...call, loadbalance: 'roundrobin', ...more })
      .catch((error: Error) => {
        if (!/No provider available/.test(error.message)) throw error;
        return 'nobody';
      });
    found.add(answer.split(' ')[0] ?? '');
  }
  return [...found].sort().join();
}

/** Who may answer it by our policy. */
function allowed(request: RoutedRequest = {}): string {
  assert.ok(service !== undefined);
  const caller = { application: 'buyer' };
  const names = ['anna', 'bob', 'carl'];
  const found = routed(service.policy, { caller, method: 'greet', ...request }, service.endpoints)
    .filter(({ weight, health }) => weight > 0 && health !== 'draining')
    .map(({ port }) => names[shops.findIndex(({ ports }) => ports.get('dubbo') === port)]);
  return found.length === 0 ? 'nobody' : found.sort().join();
}

/** Waits until the real consumer and our policy agree on who answers. */
async function agree(expected: string, tag?: string, consumer = buyer): Promise<void> {
  const attachments: Record<string, string> = tag === undefined ? {} : { 'dubbo.tag': tag };
  const ours = until(() => allowed({ headers: attachments }) === expected, {
    message: `our policy has ${expected}, ${tag ?? 'untagged'}`,
    ...slow,
  });
  const theirs = until(async () => (await answering({ attachments }, consumer)) === expected, {
    message: `the real consumer has ${expected}, ${tag ?? 'untagged'}`,
    ...slow,
  });
  await Promise.all([ours, theirs]);
}

/** Dubbo's own client can't be asked to. */
async function removeRule(key: string): Promise<void> {
  await zk.delete(`/dubbo/config/dubbo/${key}`);
}

function weightOf(index: number): number | undefined {
  const port = shops[index]?.ports.get('dubbo');
  return service?.endpoints.find((endpoint) => endpoint.port === port)?.weight;
}

const ofService = (configs: string) =>
  `configVersion: v3.0\nscope: service\nkey: g/${greeter}:1.0.0\nenabled: true\nconfigs:\n${configs}`;

test('tags: of the providers, then of a rule', { skip }, async () => {
  await agree('anna,bob');
  await agree('carl', 'gray');
  await agree('anna,bob', 'blue');
  const [anna] =
    service?.endpoints.filter(({ port }) => port === shops[0]?.ports.get('dubbo')) ?? [];
  const address = `${anna?.address}:${anna?.port}`;
  const rule = (force: boolean, addresses: string) =>
    `force: ${force}\nenabled: true\nkey: shop\ntags:\n  - name: blue\n    addresses: ["${addresses}"]\n`;
  await buyer.setRule('shop.tag-router', rule(false, address));
  await agree('bob');
  await agree('anna', 'blue');
  await agree('carl', 'gray');
  await agree('anna', 'blue|team1');
  await buyer.setRule('shop.tag-router', rule(true, '10.9.9.9:1'));
  await agree('nobody', 'blue');
  await agree('anna,bob');
  await buyer.setRule('shop.tag-router', rule(true, address.replace(/\d+:\d+$/, '*')));
  await agree('nobody');
  await removeRule('shop.tag-router');
  await agree('anna,bob', 'blue');
});

test('a tag of those that state something, for a consumer that reads their URLs', {
  skip,
}, async () => {
  // At the application level Dubbo looks at the instance's metadata only, which has no zone.
  const migration = { 'dubbo.application.service-discovery.migration': 'FORCE_INTERFACE' };
  const { connect } = zookeeper;
  await using old = await startDubbo({
    ...{ connect, application: 'old', protocols: [], properties: migration },
  });
  const match = 'match: [{ key: zone, value: { exact: b } }]';
  const tag = `tags:\n  - name: blue\n    ${match}\n`;
  await old.setRule('shop.tag-router', `configVersion: v3.0\nforce: true\nkey: shop\n${tag}`);
  await agree('bob', 'blue', old);
  await agree('anna', undefined, old);
  await removeRule('shop.tag-router');
  await agree('anna,bob', 'blue', old);
});

test('a weight of 0 by a rule takes a provider out, which stays who it is', { skip }, async () => {
  const ids = () => service?.endpoints.map(({ id }) => id);
  const before = ids();
  const port = shops[1]?.ports.get('dubbo');
  const config = `  - side: provider\n    providerAddresses: ["0.0.0.0:${port}"]\n    parameters:\n      weight: 0\n`;
  await buyer.setRule(`${name}.configurators`, ofService(config));
  await until(() => weightOf(1) === 0, slow);
  assert.deepEqual([weightOf(0), ids()], [100, before]);
  const [set] = service?.policy?.endpoints ?? [];
  assert.equal(set?.origin.path, `/dubbo/config/dubbo/${name}.configurators`);
  // With random, since round robin lets a weight of 0 take part in its first round.
  await until(async () => (await answering({ loadbalance: 'random' })) === 'anna', slow);
  assert.equal(allowed(), 'anna');
  await removeRule(`${name}.configurators`);
  await until(() => weightOf(1) === 100, slow);
  await agree('anna,bob');
  assert.deepEqual(ids(), before);
});

test('conditions: by the method, by what providers state, and a refusal', { skip }, async () => {
  const key = `${name}.condition-router`;
  const rule = (condition: string, force = false) =>
    `scope: service\nforce: ${force}\nenabled: true\nkey: g/${greeter}:1.0.0\nconditions:\n  - "${condition}"\n`;
  await buyer.setRule(key, rule('method=greet => zone=b'));
  await agree('bob');
  await buyer.setRule(key, rule('method=other => zone=b'));
  await agree('anna,bob');
  await buyer.setRule(key, rule('application=buyer => zone!=b'));
  // Neither anna nor carl states a zone: that is no other zone.
  await agree('anna,bob');
  await buyer.setRule(key, rule('method!=other => zone=nowhere', true));
  await agree('nobody');
  await buyer.setRule(key, rule('=> host=*'));
  await agree('anna,bob');
  const several = (to: string) =>
    `configVersion: v3.1\nscope: service\nforce: true\nenabled: true\nkey: ${greeter}\nconditions:\n` +
    `  - from: { match: "method=greet" }\n    to: [${to}]\n`;
  await buyer.setRule(key, several('{ match: "zone=b", weight: 1 }, { match: "zone=nowhere" }'));
  await agree('bob');
  await removeRule(key);
  await agree('anna,bob');
});

test('a timeout for one consumer cuts off its calls', { skip }, async () => {
  const settings = (application: string) =>
    settingsFor(service?.policy ?? {}, { caller: { application } }).perTryTimeout?.value;
  assert.equal(settings('buyer'), 4_000);
  const pause = () =>
    buyer.call({ ...call, method: 'pause', argument: 1_500 }).then(
      () => 'answered',
      (error: Error) => (/timeout|timed out/i.test(error.message) ? 'cut off' : error.message),
    );
  assert.equal(await pause(), 'answered');
  const config =
    '  - side: consumer\n    applications: [buyer]\n    parameters: { timeout: 200, retries: 0 }\n';
  await buyer.setRule(`${name}.configurators`, ofService(config));
  await until(async () => (await pause()) === 'cut off', slow);
  await until(() => settings('buyer') === 200, slow);
  assert.equal(settings('other'), 4_000);
  await removeRule(`${name}.configurators`);
  await until(() => settings('buyer') === 4_000, slow);
  await until(async () => (await pause()) === 'answered', slow);
});
