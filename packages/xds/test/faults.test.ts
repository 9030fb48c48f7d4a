import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Service, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { startXdsServer } from '../src/index.ts';
import { drainSteps } from '../src/server/drain.ts';
import { Catalog, service } from './fixture.ts';
import { Follower } from './follower.ts';
import { Herd } from './herd.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(120_000);
const SOAK = process.env.MESHKEEPER_SOAK === '1';

describe('faults', () => {
  test('a slow client gets what is current, not all that was between', async () => {
    await using server = await startXdsServer({ listen }, { signal });
    const catalog = new Catalog();
    server.update(...catalog.put(service('shop', [1])));
    await using proxy = await startFaultProxy({ target: server.address });
    const address = { host: '127.0.0.1', port: proxy.port };
    await using follower = new Follower({ address, id: 'slow' });
    await until(() => follower.ports('shop').length === 1, { signal });
    proxy.stall();
    const before = follower.batches.length;
    for (let port = 2; port <= 500; port++) {
      server.update(...catalog.put(service('shop', [port])));
      await turn();
    }
    proxy.unstall();
    await until(() => follower.ports('shop')[0] === 500, { signal });
    assert.ok(follower.batches.length - before <= 5, `${follower.batches.length - before} batches`);
    await until(() => server.proxies()[0]?.appliedRevision === catalog.snapshot.revision, {
      signal,
    });
  });

  test('streams that return together are let in a few at a time, and those that are in are served', async () => {
    const count = SOAK ? 1000 : 200;
    const admission = SOAK ? { perSecond: 50, burst: 100 } : { perSecond: 100, burst: 20 };
    const catalog = new Catalog();
    const content = catalog.put(service('shop', [1]), service('cart', [2]));
    await using proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: 1 } });
    const address = { host: '127.0.0.1', port: proxy.port };
    const first = await startXdsServer({ listen, admission: { perSecond: 1e6, burst: 1e6 } });
    first.update(...content);
    proxy.setTarget(first.address);
    await using stack = new AsyncDisposableStack();
    const followers = Array.from({ length: count }, (_, i) =>
      stack.use(new Follower({ address, id: `p${i}` })),
    );
    await until(() => followers.every((each) => each.ports('cart').length === 1), {
      signal,
      timeout: 60_000,
    });

    const begun: number[] = [];
    const observer = { connected: () => void begun.push(performance.now()) };
    await using second = await startXdsServer({ listen, admission, observer }, { signal });
    second.update(...content);
    proxy.setTarget(second.address);
    proxy.cut();
    await until(() => begun.length > 0, { signal, interval: 1 });
    // Whoever is in is served while the others are still at the door.
    second.update(...catalog.put(service('shop', [3])));
    await until(() => followers.some((each) => each.ports('shop')[0] === 3), { signal });
    assert.ok(begun.length < count, 'not all were let in at once');
    await until(() => followers.every((each) => each.ports('shop')[0] === 3), {
      signal,
      timeout: 60_000,
    });
    const refused = followers.flatMap(({ reasons }) => reasons);
    assert.ok(refused.some((reason) => reason.includes('Too many streams')));
    const span = ((begun.at(-1) ?? 0) - (begun[0] ?? 0)) / 1000;
    const allowed = admission.burst + admission.perSecond * span;
    assert.ok(begun.length <= allowed + 5, `${begun.length} in ${span} s`);
    await first.close();
  });

  test('a connection that answers no pings is ended', async () => {
    await using server = await startXdsServer({ listen, keepalive: 100, keepaliveTimeout: 100 });
    server.update(...new Catalog().put(service('shop', [1])));
    await using proxy = await startFaultProxy({ target: server.address });
    const address = { host: '127.0.0.1', port: proxy.port };
    await using follower = new Follower({ address, id: 'gone' });
    await until(() => follower.ports('shop').length === 1, { signal });
    assert.equal(server.proxies().length, 1);
    proxy.stall();
    await until(() => server.proxies().length === 0, { signal });
  });

  test('a connection that is old enough is ended; who returns is told nothing twice', async () => {
    let connected = 0;
    const observer = { connected: () => void connected++ };
    await using server = await startXdsServer({ listen, maxConnectionAge: 300, observer });
    server.update(...new Catalog().put(service('shop', [1])));
    await using follower = new Follower({ address: server.address, id: 'old' });
    await until(() => follower.ports('shop').length === 1, { signal });
    await until(() => connected >= 3, { signal });
    const told = follower.batches.filter(
      ({ type, upserts }) => type === 'endpoint' && upserts.size,
    );
    assert.equal(told.length, 1);
  });

  test('connections that began together end one by one', async () => {
    const listening = { listen, maxConnectionAge: 2000 };
    await using server = await startXdsServer(listening);
    server.update(...new Catalog().put(service('shop', [1])));
    await using stack = new AsyncDisposableStack();
    const ended = new Map<string, number>();
    const followers = Array.from({ length: 20 }, (_, i) =>
      stack.use(
        new Follower({
          ...{ address: server.address, id: `p${i}` },
          onDisconnected: () => void (ended.has(`p${i}`) || ended.set(`p${i}`, performance.now())),
        }),
      ),
    );
    await until(() => followers.every((each) => each.ports('shop').length === 1), { signal });
    await until(() => ended.size === followers.length, { signal });
    const times = [...ended.values()];
    // A tenth of two seconds, either way.
    assert.ok(Math.max(...times) - Math.min(...times) > 100, times.join(' '));
  });

  test('a control plane that ends in the middle of a push: what was accepted is not sent again', async () => {
    const catalog = new Catalog();
    const many = Array.from({ length: 300 }, (_, i) => service(`s${i}`, [i + 1]));
    const first = await startXdsServer({ listen, debounce: { quiet: 0, max: 0 } });
    const content = catalog.put(service('shop', [1]));
    first.update(...content);
    await using proxy = await startFaultProxy({ target: first.address });
    const address = { host: '127.0.0.1', port: proxy.port };
    await using follower = new Follower({ address, id: 'p' });
    await until(() => follower.ports('shop').length === 1, { signal });
    // It goes away when the client has the first of what is new, and not all of it.
    const [snapshot, changes] = catalog.put(...many);
    const part = new Promise<void>((resolve) => {
      follower.onBatch = ({ upserts }) => {
        if (![...upserts.keys()].some((name) => name.startsWith('s') && name !== 'shop')) return;
        proxy.setTarget(second.address);
        proxy.cut();
        follower.onBatch = undefined;
        resolve();
      };
    });
    await using second = await startXdsServer({ listen });
    second.update(snapshot, added(snapshot));
    first.update(snapshot, changes);
    await part;
    const had = follower.names();
    const seen = follower.batches.length;
    await until(() => many.every(({ name }) => follower.ports(name).length === 1), { signal });
    await until(() => second.proxies()[0]?.appliedRevision === snapshot.revision, { signal });
    assert.equal(had.get('cluster')?.size, 301, 'it had the clusters');
    assert.equal(had.get('endpoint')?.size, 1, 'and nothing of their endpoints');
    const again = follower.batches.slice(seen).filter(({ type }) => type !== 'route');
    for (const { type, upserts } of again)
      for (const name of upserts.keys())
        assert.ok(!had.get(type)?.has(name), `${type} ${name} was accepted before`);
    await first.close();
  });

  test('replicas that take turns tell nothing that has not changed', async () => {
    const catalog = new Catalog();
    const replicas = [await startXdsServer({ listen }), await startXdsServer({ listen })] as const;
    const publish = (...services: readonly Service[]) => {
      const [snapshot, changes] = catalog.put(...services);
      for (const replica of replicas) replica.update(snapshot, changes);
    };
    publish(service('shop', [1, 2]), service('cart', [3]), service('mail', [4], 'tcp'));
    await using proxy = await startFaultProxy({ target: replicas[0].address });
    const address = { host: '127.0.0.1', port: proxy.port };
    await using follower = new Follower({ address, id: 'p' });
    const isSynced = (replica: (typeof replicas)[number]) => {
      const [status] = replica.proxies();
      return status?.appliedRevision === catalog.snapshot.revision && status.types.length === 4;
    };
    await until(() => isSynced(replicas[0]), { signal });
    const told = () =>
      follower.batches.reduce(
        (sum, { upserts, removed }) => sum + upserts.size + removed.length,
        0,
      );
    const first = told();
    for (let turn = 1; turn <= 6; turn++) {
      const replica = replicas[turn % 2 === 0 ? 0 : 1];
      proxy.setTarget(replica.address);
      proxy.cut();
      await until(() => isSynced(replica), { signal });
    }
    assert.equal(told(), first);
    publish(service('cart', [3, 5]));
    await until(() => follower.ports('cart').length === 2, { signal });
    assert.equal(told(), first + 1);
    for (const replica of replicas) await replica.close();
  });

  test('a thousand streams that return together all get what has changed, once', async () => {
    const catalog = new Catalog();
    const services = Array.from({ length: 20 }, (_, i) => service(`s${i}`, [1]));
    const admission = { perSecond: 1e6, burst: 1e6 };
    const content = catalog.put(...services);
    const first = await startXdsServer({ listen, drainTimeout: 0, admission });
    first.update(...content);
    const names = services.map(({ name }) => name);
    const herd = new Herd(1000, names);
    herd.connect(first.address);
    await until(() => herd.all((stream) => stream.received.length === 20), { signal });
    const { address } = first;
    await first.close();
    await until(() => herd.all(({ isOpen }) => !isOpen), { signal });

    await using second = await startXdsServer({ listen: address });
    const [snapshot] = catalog.put(service('s7', [1, 2]));
    second.update(snapshot, added(snapshot));
    herd.connect(second.address);
    await until(() => herd.all(({ received }) => received.length === 21), { signal });
    await until(
      () => {
        const proxies = second.proxies();
        return (
          proxies.length === 1000 && proxies.every(({ types }) => types[0]?.state === 'synced')
        );
      },
      { signal },
    );
    assert.ok(herd.all(({ received }) => received[20] === 's7' && received.length === 21));
    assert.ok(herd.refused > 0, 'not all were let in at once');
    herd.close();
  });

  test('a server that closes ends its streams one after the other', async () => {
    const server = await startXdsServer({ listen });
    server.update(...new Catalog().put(service('shop', [1])));
    await using stack = new AsyncDisposableStack();
    const followers = Array.from({ length: 60 }, (_, i) =>
      stack.use(new Follower({ address: server.address, id: `p${i}` })),
    );
    await until(() => followers.every((each) => each.ports('shop').length === 1), { signal });
    const closed = server.close();
    const left = await until(
      () => followers.some(({ reasons }) => reasons.length > 0) && server.proxies().length + 1,
      { signal, interval: 1 },
    );
    assert.ok(left > 1, 'others are still served');
    await closed;
    assert.equal(server.proxies().length, 0);
    await until(() => followers.every(({ reasons }) => reasons.length > 0), { signal });
  });

  test('streams are ended a thousand a second, or as fast as the time wants', async () => {
    for (const [streams, within, expected] of [
      [50, 5000, [20, 20, 20]],
      [1000, 100, [200, 200, 200, 200, 200]],
      [0, 1000, []],
    ] as const) {
      let left: number = streams;
      const steps: number[] = [];
      for await (const count of drainSteps(() => left, within)) {
        steps.push(count);
        left = Math.max(0, left - count);
      }
      assert.deepEqual(steps, expected);
    }
  });
});

function added(snapshot: Snapshot): ServiceChange[] {
  return [...snapshot.services].map((after) => ({ type: 'added', name: after.name, after }));
}
