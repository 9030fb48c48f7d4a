import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import {
  LISTENER_KEYS,
  ON_DEMAND_AGENT,
  startXdsServer,
  XdsClient,
  type XdsServer,
} from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };

/** A client on demand that accepts everything, and what it has by that: `kind name`. */
function follow(server: XdsServer) {
  const client = new XdsClient({
    address: server.address,
    onDemand: true,
    backoff: { base: 10, max: 20 },
    node: {
      id: 'app',
      cluster: 'shop',
      userAgent: ON_DEMAND_AGENT,
      metadata: { [LISTENER_KEYS.outbound]: '127.0.0.1:0' },
    },
  });
  const has = new Set<string>();
  const missing = new Set<string>();
  const following = (async () => {
    for await (const batch of client.updates()) {
      for (const name of batch.upserts.keys()) {
        has.add(`${batch.type} ${name}`);
        missing.delete(`${batch.type} ${name}`);
      }
      for (const name of batch.removed) {
        has.delete(`${batch.type} ${name}`);
        missing.add(`${batch.type} ${name}`);
      }
      batch.accept();
    }
  })();
  return {
    client,
    has,
    missing,
    async [Symbol.asyncDispose]() {
      await client.close();
      await following;
    },
  };
}

const COMMON = ['listener outbound', 'route outbound'];
const of = (name: string) => [
  `cluster ${name}`,
  `endpoint ${name}`,
  `virtualHost outbound/${name}`,
];

describe('a client on demand', () => {
  test('gets what belongs to the services that it asks for, and drops what it leaves', async () => {
    await using server = await startXdsServer({ listen });
    const catalog = new Catalog();
    server.update(
      ...catalog.put(service('orders', [1]), service('cart', [2]), service('stock', [3])),
    );
    await using app = follow(server);
    const { client, has, missing } = app;
    client.ask('orders');
    await until(() => has.size === 5);
    assert.deepEqual([...has].sort(), [...COMMON, ...of('orders')].sort());
    client.ask('cart');
    await until(() => has.size === 8);
    client.leave('orders');
    await until(() => has.size === 5);
    assert.deepEqual([...has].sort(), [...COMMON, ...of('cart')].sort());

    client.ask('later');
    await until(() => missing.has('virtualHost outbound/later') && missing.has('cluster later'));
    server.update(...catalog.put(service('later', [4])));
    await until(() => of('later').every((each) => has.has(each)));
    assert.equal(server.proxies()[0]?.refused.length, 0);
  });

  test('asks again for all of it where the server is another one', async () => {
    const catalog = new Catalog();
    const first = await startXdsServer({ listen });
    const services = catalog.put(service('orders', [1]), service('cart', [2]));
    first.update(...services);
    await using app = follow(first);
    app.client.ask('orders');
    await until(() => app.has.size === 5);
    const { address } = first;
    await first.close();
    await until(() => app.client.state.type === 'disconnected');
    app.client.ask('cart');
    await using second = await startXdsServer({ listen: address });
    second.update(...services);
    await until(() => app.has.size === 8);
    assert.deepEqual([...app.has].sort(), [...COMMON, ...of('orders'), ...of('cart')].sort());
  });
});
