import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { SERVICE_ENTRIES } from '../../src/sync/service-entry.ts';
import { testCluster } from '../cluster.ts';
import { endpoint, Published, rule, service } from './fixture.ts';

const cluster = await testCluster();
const { client } = cluster;

/** As much of Istio's as is needed, where Istio isn't. */
const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const DEFINITION = {
  metadata: { name: 'serviceentries.networking.istio.io' },
  spec: {
    group: 'networking.istio.io',
    scope: 'Namespaced',
    names: { kind: 'ServiceEntry', plural: 'serviceentries', singular: 'serviceentry' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
};

describe('Istio', () => {
  it('gets ServiceEntries with weights, of endpoints that take requests', async () => {
    await cluster.define(DEFINITION);
    const namespace = await cluster.namespace();
    await until(() => client.list(SERVICE_ENTRIES, { namespace }));
    const rules = [rule(namespace, { serviceEntry: '{name}.mesh' })];
    await using published = new Published({ client, rules });
    const locality = { region: 'eu', zone: 'eu-1', subzone: '' };
    published.hold(
      service(
        'orders',
        endpoint(1, { weight: 5, locality }),
        endpoint(2, { port: 9090 }),
        endpoint(3, { health: 'draining' }),
      ),
    );
    await published.applied();
    const read = () => client.get(SERVICE_ENTRIES, 'orders', { namespace });
    const entry = await read();
    assert.deepEqual(entry.spec, {
      hosts: ['orders.mesh'],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 8080, name: 'http', protocol: 'HTTP' }],
      endpoints: [
        { address: '10.1.0.1', ports: { http: 8080 }, weight: 5, locality: 'eu/eu-1' },
        { address: '10.1.0.2', ports: { http: 9090 }, weight: 100 },
      ],
    });
    // What somebody else has written meanwhile is a conflict, and is put right.
    await client.update(SERVICE_ENTRIES, { ...entry, spec: { hosts: ['other'] } });
    published.hold(service('orders', endpoint(1)));
    await until(async () => {
      const { spec } = (await read()) as {
        readonly spec: { readonly endpoints?: readonly object[] };
      };
      return spec.endpoints?.length === 1;
    });
    published.hold(service('cart', endpoint(1)));
    await published.applied();
    const left = await client.list(SERVICE_ENTRIES, { namespace });
    assert.deepEqual(
      left.items.map(({ metadata }) => metadata.name),
      ['cart'],
    );
  });
});
