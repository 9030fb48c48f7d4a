import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { startXdsServer, type XdsBatch, XdsClient, type XdsClientOptions } from '../src/index.ts';
import { drainSteps } from '../src/server/drain.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(120_000);
const SOAK = process.env.MESHKEEPER_SOAK === '1';

/** A client that accepts everything and remembers it. */
class Follower implements AsyncDisposable {
  readonly client: XdsClient;
  readonly batches: XdsBatch[] = [];
  /** Why it was disconnected, each time. */
  readonly reasons: string[] = [];

  constructor(options: Pick<XdsClientOptions, 'address'> & { readonly id: string }) {
    this.client = new XdsClient({
      address: options.address,
      node: { id: options.id, cluster: 'c' },
      backoff: { base: 20, max: 500 },
      onState: (state) => {
        if (state.type === 'disconnected') this.reasons.push(state.reason);
      },
    });
    void this.#follow();
  }

  /** The ports of a service's endpoints, as they were told last. */
  ports(name: string): (number | null | undefined)[] {
    const batch = this.batches.findLast(
      (each) => each.type === 'endpoint' && each.upserts.has(name),
    );
    const assignment = batch?.type === 'endpoint' ? batch.upserts.get(name) : undefined;
    return (assignment?.endpoints ?? []).flatMap((group) =>
      (group.lbEndpoints ?? []).map((host) => host.endpoint?.address?.socketAddress?.portValue),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #follow(): Promise<void> {
    for await (const batch of this.client.updates()) {
      this.batches.push(batch);
      batch.accept();
    }
  }
}

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
