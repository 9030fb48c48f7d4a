import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import type { deliveriesView } from '../../src/api/explain-view.ts';
import type { StatedPolicies } from '../../src/explain/stated-policies.ts';
import type { Verdict } from '../../src/explain/verdict.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { startDataPlane } from '../data-plane.ts';
import { instance } from '../instance.ts';

interface Explained {
  readonly verdict: Verdict;
  readonly policies?: StatedPolicies;
  readonly dataPlanes: ReturnType<typeof deliveriesView>;
  readonly code?: string;
}

describe('an explanation goes to the very end', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: ControlPlane;

  const explain = async (service: string, query = ''): Promise<Explained> => {
    const path = `/api/v1/explain/${encodeURIComponent(service)}${query}`;
    // What the route answers is what its views make.
    return (await (await fetch(`${plane.api}${path}`)).json()) as Explained;
  };
  const says = (service: string, query: string, text: RegExp) =>
    until(async () => text.test((await explain(service, query)).verdict.text), {
      message: `${service}${query} ${text}`,
    });

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    await zk.create('/discovery/shop/one', instance('shop', 'one', 1001), { parents: true });
    await zk.create('/discovery/cart/one', instance('cart', 'one', 2001), { parents: true });
    plane = await startControlPlane({
      config: await loadConfig({
        flags: {
          zookeeper: { connect: server.connect },
          controlPlane: {
            api: { listen: '127.0.0.1:0' },
            xds: { listen: '127.0.0.1:0' },
            dns: { listen: '127.0.0.1:0' },
          },
        },
      }),
      logger: { debug() {}, info() {}, warn() {} },
    });
    await plane.ready;
  });
  after(async () => {
    await plane?.close();
    await zk?.close();
    await server?.close();
  });

  test('nobody is there, one has it, one rejects it, and that is put right', async () => {
    const path = '/discovery/shop/bad';
    assert.equal((await explain('shop')).verdict.stopsAt, 'data-plane');
    assert.match((await explain('shop')).verdict.text, /, but no data plane is connected$/);
    await using _good = startDataPlane(plane.xds, 'good');
    await using _picky = startDataPlane(plane.xds, 'picky', (ports) => ports.includes(666));
    await says(
      'shop',
      '',
      /^is served with 1 endpoint \(revision \d+\), and all 2 data planes have it$/,
    );

    await zk.create(path, instance('shop', 'bad', 666));
    await says('shop', '', /, but picky rejects endpoint shop: not these ports$/);
    await says('shop', '?proxy=good', /, and good has it$/);
    const { verdict, dataPlanes } = await explain('shop', '?endpoint=bad');
    assert.deepEqual(
      [verdict.stopsAt, verdict.text],
      ['data-plane', 'is served, but picky rejects endpoint shop: not these ports'],
    );
    assert.deepEqual(dataPlanes.counts, { rejects: 1, pending: 0, 'not-subscribed': 0, has: 1 });
    const [first, second] = dataPlanes.proxies;
    assert.deepEqual([first?.id, second?.id], ['picky', 'good'], 'who lacks it comes first');
    assert.equal(second?.hasEndpoint, true);
    const [cluster, assignment, routes] = first?.resources ?? [];
    assert.deepEqual(
      [cluster?.type, cluster?.status, routes?.type, routes?.name, routes?.status],
      ['Cluster', 'acked', 'RouteConfiguration', 'gateway', 'acked'],
    );
    assert.deepEqual(
      [assignment?.status, assignment?.error?.message],
      ['nacked', 'not these ports'],
    );
    for (const time of [cluster?.sentAt, cluster?.judgedAt, assignment?.sentAt])
      assert.ok(Date.parse(time ?? '') <= Date.now(), time);
    // The other service is not concerned.
    await says('cart', '', /, and all 2 data planes have it$/);

    await zk.delete(path);
    await says('shop', '', /, and all 2 data planes have it$/);
    // It unregistered itself: there is nothing more to be told of it.
    await says('shop', '?endpoint=bad', /^is (not served: no registry has it|gone since)/);
  });

  test('what is registered and no use is told of, and the others are served', async () => {
    await using _plane = startDataPlane(plane.xds, 'good');
    await zk.create('/discovery/shop/broken', '{');
    await says(
      'shop',
      '?endpoint=broken',
      /^is not served: what is registered of it can not be used/,
    );
    await says('shop', '', /^is served with 1 endpoint .*, and the data plane has it$/);
    await zk.delete('/discovery/shop/broken');
  });

  test('what operators state, what of it holds, and whom they show it to', async () => {
    await using _plane = startDataPlane(plane.xds, 'caller', () => false);
    const policy = (name: string, service: string, spec: object) => ({
      ...{ apiVersion: 'meshkeeper.io/v1', kind: 'ServicePolicy', metadata: { name } },
      spec: { targetRefs: [{ name: service }], ...spec },
    });
    const put = async (name: string, body: object) => {
      const response = await fetch(`${plane.api}/api/v1/policies/ServicePolicy/${name}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      assert.equal(response.status, 200, await response.text());
    };
    await put('slow', policy('slow', 'shop', { timeouts: { request: '3s' } }));
    // Of a service that nobody has registered: an operator's word, and a warning.
    await put('caller', policy('caller', 'test', { egress: ['cart', 'pay*'] }));
    await until(async () => ((await explain('shop')).policies?.applied.length ?? 0) > 0);
    const { policies } = await explain('shop');
    assert.deepEqual(policies?.applied, [
      { origin: { source: 'policies', path: 'ServicePolicy/slow' }, what: 'settings' },
    ]);
    const { timeout } = policies?.effective ?? {};
    assert.deepEqual([timeout?.value, timeout?.origin.path], [3000, 'ServicePolicy/slow']);
    await says(
      'shop',
      '?proxy=caller',
      /, but caller is not shown it: ServicePolicy\/caller lets it call cart, pay\* only$/,
    );
    await says('cart', '?proxy=caller', /, and caller has it$/);
  });

  test('what is asked wrongly is refused', async () => {
    assert.equal((await explain('shop', '?endpiont=one')).code, 'invalid-request');
  });
});
