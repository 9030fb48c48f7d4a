import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { startXdsServer, type XdsBatch, XdsClient, type XdsObserver } from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(20_000);

/** The next batch for which `wanted` holds; all others are accepted on the way, and it too. */
async function next(
  updates: AsyncGenerator<XdsBatch, void, void>,
  wanted: (batch: XdsBatch) => boolean,
): Promise<XdsBatch> {
  for (;;) {
    const { value, done } = await updates.next();
    assert.ok(!done && value, 'the updates ended');
    value.accept();
    if (wanted(value)) return value;
  }
}

function ports(batch: XdsBatch, name: string): (number | null | undefined)[] {
  assert.equal(batch.type, 'endpoint');
  const assignment = batch.type === 'endpoint' ? batch.upserts.get(name) : undefined;
  return (assignment?.endpoints ?? []).flatMap((group) =>
    (group.lbEndpoints ?? []).map((host) => host.endpoint?.address?.socketAddress?.portValue),
  );
}

/** Waits until the observer was told of `count` events of that kind. */
function recorder() {
  const events: { kind: string; typeUrl: string; names: readonly string[]; message?: string }[] =
    [];
  const waiting = new Set<() => void>();
  const note = (kind: string) => (event: (typeof events)[number]) => {
    events.push({ ...event, kind });
    for (const wake of waiting) wake();
  };
  const observer: XdsObserver = { acked: note('acked') as never, nacked: note('nacked') as never };
  const told = (wanted: (event: (typeof events)[number]) => boolean) =>
    new Promise<(typeof events)[number]>((resolve) => {
      const look = () => {
        const found = events.find(wanted);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { observer, told };
}

describe('server and client', () => {
  test('a client gets everything, then one resource for one change', async () => {
    const { observer, told } = recorder();
    await using server = await startXdsServer({ listen, observer }, { signal });
    await using client = new XdsClient({
      address: server.address,
      node: { id: 'p1', cluster: 'c' },
    });
    const catalog = new Catalog();
    server.update(...catalog.put(service('shop', [1]), service('cart', [2])));
    const updates = client.updates(signal);
    const first = await next(updates, ({ type }) => type === 'endpoint');
    assert.deepEqual([...first.upserts.keys()].sort(), ['cart', 'shop']);
    const routes = await next(updates, ({ type }) => type === 'route');
    assert.deepEqual([...routes.upserts.keys()], ['gateway']);
    await told(({ typeUrl }) => typeUrl.endsWith('RouteConfiguration'));
    assert.equal(client.state.type, 'live');
    const [status] = server.proxies();
    assert.equal(status?.id, 'p1');
    assert.ok(status?.types.every(({ state }) => state === 'synced'));

    server.update(...catalog.put(service('shop', [1, 3])));
    const change = await next(updates, () => true);
    assert.deepEqual([...change.upserts.keys()], ['shop']);
    assert.deepEqual(ports(change, 'shop'), [1, 3]);
    const ack = await told(({ names }) => names.length === 1 && names[0] === 'shop');
    assert.equal(ack.kind, 'acked');
  });

  test('endpoints never wait for configuration, and what waits is not said to be applied', async () => {
    const debounce = { quiet: 60_000, max: 60_000 };
    await using server = await startXdsServer({ listen, debounce }, { signal });
    const catalog = new Catalog();
    server.update(...catalog.put(service('shop', [1])));
    await using client = new XdsClient({
      address: server.address,
      node: { id: 'p1', cluster: 'c' },
    });
    const updates = client.updates(signal);
    await next(updates, ({ type }) => type === 'route');
    await until(() => server.proxies()[0]?.appliedRevision === 1, { signal });
    server.update(...catalog.put(service('cart', [2])));
    for (const port of [3, 4, 5]) server.update(...catalog.put(service('shop', [port])));
    const first = await next(updates, () => true);
    assert.deepEqual(ports(first, 'shop'), [5]);
    const [proxy] = server.proxies();
    assert.equal(proxy?.appliedRevision, 1, 'the second is still held');
    const cluster = proxy.types.find(({ typeUrl }) => typeUrl.endsWith('Cluster'));
    assert.equal(cluster?.state, 'pending');
  });

  test('a service that comes and goes: cluster first, and last', async () => {
    await using server = await startXdsServer({ listen }, { signal });
    const catalog = new Catalog();
    server.update(...catalog.put(service('shop', [1])));
    await using client = new XdsClient({
      address: server.address,
      node: { id: 'p1', cluster: 'c' },
    });
    const updates = client.updates(signal);
    await next(updates, ({ type }) => type === 'route');
    server.update(...catalog.put(service('cart', [2])));
    const order: string[] = [];
    await next(updates, (batch) => {
      order.push(batch.type);
      return order.includes('endpoint') && order.includes('route');
    });
    assert.equal(order[0], 'cluster');
    server.update(...catalog.set({ cart: undefined }));
    const removed: string[] = [];
    await next(updates, (batch) => {
      removed.push(batch.type);
      return batch.type === 'cluster' && batch.removed.includes('cart');
    });
    assert.equal(removed[0], 'route');
  });

  test('a batch that is rejected is told to the observer and not sent again', async () => {
    const { observer, told } = recorder();
    await using server = await startXdsServer({ listen, observer }, { signal });
    const catalog = new Catalog();
    server.update(...catalog.put(service('shop', [1])));
    await using client = new XdsClient({
      address: server.address,
      node: { id: 'p1', cluster: 'c' },
    });
    const updates = client.updates(signal);
    await next(updates, ({ type }) => type === 'route');
    server.update(...catalog.put(service('shop', [2])));
    const bad = (await updates.next()).value as XdsBatch;
    bad.reject('no such port');
    const nack = await told(({ kind }) => kind === 'nacked');
    assert.deepEqual([nack.names, nack.message], [['shop'], 'no such port']);
    const endpoints = server
      .proxies()[0]
      ?.types.find(({ typeUrl }) => typeUrl.endsWith('Assignment'));
    assert.equal(endpoints?.state, 'rejected');
    server.update(...catalog.put(service('shop', [3])));
    const good = await next(updates, () => true);
    assert.deepEqual(ports(good, 'shop'), [3]);
  });

  test('a client reconnects to another replica and is told only what differs', async () => {
    const first = await startXdsServer({ listen }, { signal });
    const catalog = new Catalog();
    first.update(...catalog.put(service('shop', [1]), service('cart', [2]), service('old', [4])));
    const { promise: away, resolve: isAway } = Promise.withResolvers<void>();
    await using client = new XdsClient({
      address: first.address,
      node: { id: 'p1', cluster: 'c' },
      backoff: { base: 10, max: 50 },
      onState: ({ type }) => type === 'disconnected' && isAway(),
    });
    const updates = client.updates(signal);
    await next(updates, ({ type }) => type === 'route');
    await first.close();
    await away;
    await using second = await startXdsServer({ listen: first.address }, { signal });
    catalog.put(service('shop', [1, 3]));
    const [snapshot] = catalog.set({ old: undefined });
    const changes = [...snapshot.services].map((after) => {
      return { type: 'added', name: after.name, after } as const;
    });
    second.update(snapshot, changes);
    const seen: [string, string[], string[]][] = [];
    await next(updates, (batch) => {
      seen.push([batch.type, [...batch.upserts.keys()], [...batch.removed]]);
      const gone = seen.some(([type, , removed]) => type === 'cluster' && removed.includes('old'));
      return gone && seen.some(([type, names]) => type === 'endpoint' && names.includes('shop'));
    });
    assert.ok(
      seen.every(([, names]) => !names.includes('cart')),
      JSON.stringify(seen),
    );
    assert.equal(client.state.type, 'live');
  });

  test('nothing is served before the first update', async () => {
    await using server = await startXdsServer({ listen }, { signal });
    await using client = new XdsClient({
      address: server.address,
      node: { id: 'p1', cluster: 'c' },
    });
    await until(() => server.proxies().length > 0, { signal });
    assert.ok(server.proxies()[0]?.types.every(({ sentNonce }) => sentNonce === ''));
    assert.equal(client.state.type, 'connecting');
    server.update(...new Catalog().put(service('shop', [1])));
    const batch = await next(client.updates(signal), () => true);
    assert.equal(batch.type, 'cluster');
  });

  test('a second server on the port is an error with a code; close can be called twice', async () => {
    const server = await startXdsServer({ listen }, { signal });
    await assert.rejects(startXdsServer({ listen: server.address }), { code: 'listen-failed' });
    await Promise.all([server.close(), server.close()]);
    assert.throws(() => server.update(...new Catalog().put()), { code: 'closed' });
    await assert.rejects(startXdsServer({ listen }, { signal: AbortSignal.abort() }));
  });
});
