import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { startXdsServer, type Variant } from '@meshkeeper/xds';
import { row } from '../src/xds-push/measured.ts';
import { Sidecars } from '../src/xds-push/sidecars.ts';
import { Deframer, grpcMessage } from '../src/xds-push/wire.ts';
import { changeService, makeSnapshot, resourcesOf, serviceName } from '../src/xds-push/world.ts';

const signal = AbortSignal.timeout(20_000);

test('messages are taken out of a stream, however it is cut', () => {
  const messages = ['', 'a', 'b'.repeat(300), 'c'.repeat(70_000)].map((text) => Buffer.from(text));
  const bytes = Buffer.concat(messages.map(grpcMessage));
  for (const size of [1, 4, 5, 6, 7, 305, 16_384, bytes.length]) {
    const deframer = new Deframer();
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size)
      for (const message of deframer.push(bytes.subarray(at, at + size)))
        found.push(Buffer.from(message));
    assert.deepEqual(found, messages, `in pieces of ${size}`);
  }
});

for (const variant of ['sotw', 'delta'] as const satisfies Variant[]) {
  test(`a sidecar is sent what it asks for, acknowledges it, and gets changes: ${variant}`, async () => {
    await using server = await startXdsServer({ listen: { host: '127.0.0.1', port: 0 } });
    const snapshot = makeSnapshot({ services: 3, endpoints: 20 });
    server.update(
      snapshot,
      [...snapshot.services].map((after) => ({ type: 'added', name: after.name, after })),
    );
    const sent: string[] = [];
    const contents = new Set<string>();
    const { port } = server.address;
    using sidecars = await Sidecars.connect(port, 2, variant, {
      resource: (_, type, { name, any }) => {
        sent.push(`${type} ${name}`);
        contents.add(any.toString('base64'));
      },
    });
    for (const sidecar of sidecars.all)
      sidecar.subscribe('endpoint', [serviceName(0), serviceName(2)]);
    const synced = () => {
      const proxies = server.proxies();
      return proxies.length === 2 && proxies.every(({ types }) => types[0]?.state === 'synced');
    };
    await until(() => sent.length === 4 && synced(), { signal });
    assert.deepEqual(new Set(sent), new Set(['endpoint service-0', 'endpoint service-2']));
    const served = new Set(resourcesOf(snapshot));
    for (const content of contents) assert.ok(served.has(content), 'as it is encoded');

    const [before, after] = changeService(snapshot, 2);
    const { name } = after;
    const services = snapshot.services.with(new Map([[name, after]]));
    server.update({ ...snapshot, revision: 2, services }, [
      { type: 'updated', name, before, after },
    ]);
    await until(() => sent.length === 6 && synced(), { signal });
    assert.deepEqual(sent.slice(4), ['endpoint service-2', 'endpoint service-2']);
  });
}

test('a stream that is turned away is told when to come back', async () => {
  const admission = { perSecond: 1, burst: 1 };
  const listen = { host: '127.0.0.1', port: 0 };
  await using server = await startXdsServer({ listen, admission });
  const ended: number[] = [];
  using sidecars = await Sidecars.connect(server.address.port, 2, 'delta', {
    ended: (_, retryAfter) => void ended.push(retryAfter),
  });
  for (const sidecar of sidecars.all) sidecar.subscribe('cluster');
  await until(() => ended.length === 1, { signal });
  assert.ok((ended[0] ?? 0) > 0);
});

test('a row has the caches as peers; one that was not measured is not installed', () => {
  const measured = new Map([
    ['ours', 1],
    ['linear', 2],
  ] as const);
  assert.deepEqual(
    row('push', 'µs', measured, (value) => value),
    {
      case: 'push',
      unit: 'µs',
      ours: 1,
      peers: { 'linear cache': 2, 'snapshot cache': undefined },
    },
  );
});
