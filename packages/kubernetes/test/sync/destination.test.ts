import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetesDestination, kubernetesDestinationSchema } from '@meshkeeper/kubernetes';
import { diff, EMPTY_SNAPSHOT, ServiceMap } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { testCluster } from '../cluster.ts';
import { endpoint, seen, service } from './fixture.ts';

const cluster = await testCluster();

describe('the kind of destinations', () => {
  it('writes where its settings say, as long as it leads', async () => {
    const { client, kubeconfig } = cluster;
    const [rest, special] = [await cluster.namespace(), await cluster.namespace()];
    const settings = kubernetesDestinationSchema.parse({
      kubeconfig,
      namespace: rest,
      rules: [{ services: ['billing-*'], namespace: special, type: 'Headless' }],
    });
    const term = new AbortController();
    await using plane = await kubernetesDestination.open(settings, {
      ...{ name: 'cluster', mesh: 'm1', now: Date.now, dataDir: undefined },
      logger: { debug() {}, info() {}, warn() {} },
      signal: new AbortController().signal,
      resolve: (path) => path,
      leader: {
        term: term.signal,
        async *changes() {
          yield term.signal;
        },
      },
    });
    const services = ServiceMap.from([
      service('orders', endpoint(1)),
      service('billing-eu', endpoint(2)),
    ]);
    const first = { ...EMPTY_SNAPSHOT, revision: 1, services };
    plane.update(first, diff(EMPTY_SNAPSHOT, first));
    await until(() => plane.state.type === 'applied');
    assert.deepEqual(await seen(client, rest), { orders: ['10.1.0.1 8080 true'] });
    assert.deepEqual(await seen(client, special), { 'billing-eu': ['10.1.0.2 8080 true'] });
    term.abort();
    await until(() => plane.state.type === 'starting');
    const second = {
      ...first,
      revision: 2,
      services: ServiceMap.from([service('new', endpoint(3))]),
    };
    plane.update(second, diff(first, second));
    assert.deepEqual(await seen(client, rest), { orders: ['10.1.0.1 8080 true'] });
  });

  it('says all that is wrong with its settings', () => {
    const { error } = kubernetesDestinationSchema.safeParse({
      namespace: 'No',
      serviceEntry: 'mesh',
      maxDeleteShare: 2,
    });
    assert.deepEqual(
      error?.issues.map(({ path }) => path.join('.')),
      ['namespace', 'serviceEntry', 'maxDeleteShare'],
    );
  });
});
