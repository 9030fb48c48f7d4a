import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Applied, type ResourceType, startXdsServer, XdsClient } from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(20_000);

/** A server, what its observer was told (and what the client had then), and a client that rejects the ports in `bad`. */
async function start(bad: ReadonlySet<number>) {
  const applied: number[] = [];
  const served: number[] = [];
  const had = new Map<number, ReadonlySet<string>>();
  const observer = {
    applied: ({ revision, proxy }: Applied) => {
      applied.push(revision);
      const known = server.resources(proxy.stream)?.resources ?? [];
      const acked = known.filter(({ state }) => state === 'acked');
      had.set(
        revision,
        new Set(acked.map(({ typeUrl, name }) => `${typeUrl.split('.').at(-1)} ${name}`)),
      );
    },
    served: (revision: number) => void served.push(revision),
  };
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startXdsServer({ listen, observer }, { signal }));
  const client = stack.use(
    new XdsClient({ address: server.address, node: { id: 'p1', cluster: 'c' } }),
  );
  void (async () => {
    for await (const batch of client.updates(signal)) {
      const ports =
        batch.type !== 'endpoint'
          ? []
          : [...batch.upserts.values()]
              .flatMap(({ endpoints }) => endpoints ?? [])
              .flatMap(({ lbEndpoints }) => lbEndpoints ?? [])
              .map(({ endpoint }) => endpoint?.address?.socketAddress?.portValue ?? 0);
      if (ports.some((port) => bad.has(port))) batch.reject('no such port');
      else batch.accept();
    }
  })();
  return { server, applied, served, had, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('an observer is told which revision a stream has applied, also where nothing concerned it', async () => {
  await using plane = await start(new Set());
  const { server, applied, served } = plane;
  const catalog = new Catalog();
  server.update(...catalog.put(service('shop', [1])));
  await until(() => applied.includes(1), { signal });
  server.update(...catalog.put(service('shop', [2])));
  await until(() => applied.includes(2), { signal });
  // A revision that no resource differs in: nothing is sent, and there is nothing to acknowledge.
  const [snapshot] = catalog.put(service('shop', [2]));
  server.update(snapshot, []);
  await until(() => applied.includes(3), { signal });
  assert.deepEqual(applied, [1, 2, 3], 'each once');
  assert.deepEqual([served, server.revision], [[1, 2, 3], 3]);
});

test('what a stream rejects is told by name until something else is served in its place', async () => {
  await using plane = await start(new Set([13]));
  const { server, applied } = plane;
  const catalog = new Catalog();
  server.update(...catalog.put(service('shop', [1]), service('cart', [1])));
  await until(() => applied.includes(1), { signal });
  const [before] = server.proxies();
  assert.deepEqual(before?.refused, []);
  server.update(...catalog.put(service('shop', [13])));
  await until(() => server.proxies()[0]?.refused.length === 1, { signal });
  const [stream] = server.proxies();
  const [refused] = stream?.refused ?? [];
  const { name, message, certain, since } = refused ?? {};
  assert.deepEqual([name, message, certain, since], ['shop', 'no such port', true, 2]);
  assert.match(refused?.typeUrl ?? '', /ClusterLoadAssignment$/);
  assert.equal(stream?.appliedRevision, 1);
  assert.deepEqual(server.proxy(stream.stream)?.refused, [refused]);
  const only = new Map<ResourceType, string[]>([
    ['cluster', []],
    ['endpoint', ['shop', 'nobody']],
    ['listener', []],
  ]);
  const known = server.resources(stream.stream, only)?.resources ?? [];
  assert.deepEqual(
    known.map(({ typeUrl, name, state }) => [typeUrl.split('.').at(-1), name, state]),
    [
      ['ClusterLoadAssignment', 'shop', 'nacked'],
      ['RouteConfiguration', 'gateway', 'acked'],
    ],
    'of a type that is not named, all',
  );
  server.update(...catalog.put(service('shop', [14])));
  assert.deepEqual(server.proxies()[0]?.refused, [], 'another is under way');
  await until(() => applied.includes(3), { signal });
  assert.equal(server.proxy(-1), undefined);
});

test('a new service is applied when its endpoints are, and not with its cluster alone', async () => {
  await using plane = await start(new Set());
  const { server, applied, had } = plane;
  const catalog = new Catalog();
  server.update(...catalog.put(service('shop', [1])));
  await until(() => applied.includes(1), { signal });
  for (let revision = 2; revision < 12; revision++) {
    // No route tells of it, which would be sent after its cluster was accepted.
    server.update(...catalog.put(service(`new-${revision}`, [revision], 'tcp')));
    await until(() => applied.includes(revision), { signal });
    for (const type of ['Cluster', 'ClusterLoadAssignment'])
      assert.ok(had.get(revision)?.has(`${type} new-${revision}`), `${type} of ${revision}`);
  }
});
