import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diff, EMPTY_SNAPSHOT, type Protocol, type Service, type Snapshot } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { startXdsServer, type XdsServer } from '@meshkeeper/xds';
import { Egress, type EgressOptions } from '../src/index.ts';
import { endpoint } from './fixture.ts';

/** A control plane whose services can be changed. */
async function home() {
  const server: XdsServer = await startXdsServer({ listen: { host: '127.0.0.1', port: 0 } });
  let snapshot: Snapshot = EMPTY_SNAPSHOT;
  const put = (name: string, port: number, protocol: Protocol = 'http') => {
    const before = snapshot;
    const service: Service = { name, protocol, endpoints: [endpoint(port)] };
    const services = before.services.with(new Map([[name, service]]));
    snapshot = { ...before, revision: before.revision + 1, services };
    server.update(snapshot, diff(before, snapshot));
  };
  const egress = (options: Partial<EgressOptions> = {}) =>
    new Egress({
      xds: { address: server.address, backoff: { base: 10, max: 20 } },
      node: { id: 'app', cluster: 'caller' },
      ...options,
    });
  /** Names that the control plane serves to the one that is connected, of a kind. */
  const subscribed = (kind: string) =>
    server.proxies()[0]?.types.find(({ typeUrl }) => typeUrl.endsWith(kind))?.subscribed;
  const close = () => server.close();
  return { server, put, egress, subscribed, [Symbol.asyncDispose]: close };
}

describe('the data plane inside of a program', () => {
  test('knows only what it asks for: services that are there, are not, come, and take no HTTP', async () => {
    await using at = await home();
    at.put('shop', 1001);
    at.put('other', 1002);
    at.put('database', 1003, 'tcp');
    await using egress = at.egress();
    assert.equal(egress.knows('shop'), 'unasked');
    for (const name of ['shop', 'nobody', 'database']) egress.ask(name);
    assert.equal(egress.knows('shop'), 'asked');
    await until(() => egress.knows('shop') === 'known');
    await until(() => egress.knows('nobody') === 'missing');
    await until(() => egress.knows('database') === 'closed');
    assert.equal(egress.knows('other'), 'unasked');
    assert.deepEqual(egress.endpoints('nobody'), []);
    // Its endpoints come by themselves.
    await until(() => egress.endpoints('database')?.some(({ port }) => port === 1003));
    assert.equal(egress.endpoints('other'), undefined);
    assert.equal(at.subscribed('Cluster'), 3);
    at.put('nobody', 1004);
    await until(() => egress.knows('nobody') === 'known');
    assert.deepEqual([...egress.rejected], []);
  });

  test('names that there are not are forgotten, the oldest first', async () => {
    await using at = await home();
    at.put('shop', 1001);
    await using egress = at.egress({ maxMissing: 3 });
    egress.ask('shop');
    for (let i = 0; i < 20; i++) egress.ask(`missing-${i}`);
    await until(() => egress.knows('missing-19') === 'missing');
    await until(() => egress.knows('missing-0') === 'unasked');
    await until(() => egress.knows('shop') === 'known');
    await until(() => at.subscribed('Cluster') === 4);
    await until(() => at.subscribed('VirtualHost') === 4);
    assert.equal(egress.snapshot().services.length, 4);
  });

  test('begins with what it knew another time, and hears what is new', async () => {
    const first = await home();
    first.put('shop', 1001);
    let snapshot: ReturnType<Egress['snapshot']>;
    {
      await using egress = first.egress();
      egress.ask('shop');
      await until(() => egress.knows('shop') === 'known');
      snapshot = JSON.parse(JSON.stringify(egress.snapshot()));
    }
    const { address } = first.server;
    await first[Symbol.asyncDispose]();
    await using egress = first.egress();
    await until(() => egress.state.type === 'disconnected');
    await egress.restore(snapshot);
    assert.equal(egress.knows('shop'), 'known');
    assert.deepEqual(
      egress.endpoints('shop')?.map(({ port }) => port),
      [1001],
    );
    await using second = await startXdsServer({ listen: address });
    const services = EMPTY_SNAPSHOT.services.with(
      new Map([['shop', { name: 'shop', protocol: 'http' as const, endpoints: [endpoint(1002)] }]]),
    );
    const now = { ...EMPTY_SNAPSHOT, revision: 1, services };
    second.update(now, diff(EMPTY_SNAPSHOT, now));
    await until(() => egress.endpoints('shop')?.[0]?.port === 1002);
    await assert.rejects(egress.restore({ services: [], resources: { cluster: ['nonsense'] } }));
  });
});
