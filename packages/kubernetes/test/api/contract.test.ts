import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type EndpointSlice,
  isRefused,
  type KubernetesObject,
  type KubernetesService,
  RESOURCES,
  resource,
} from '@meshkeeper/kubernetes';
import { testCluster } from '../cluster.ts';

/*
 * What was measured on a real API server of 1.36, and Meshkeeper counts on. It runs on the testbed's
 * server, and on a real one where MESHKEEPER_TEST_KUBECONFIG names it.
 */
const { client, namespace: newNamespace } = await testCluster();
const namespace = await newNamespace();
const { services, endpointSlices, leases } = RESOURCES;
const MAPS = resource<KubernetesObject & { data?: object }>('', 'v1', 'configmaps', 'ConfigMap');

type Port = NonNullable<NonNullable<KubernetesService['spec']>['ports']>[number];

async function faults(made: Promise<unknown>): Promise<readonly string[]> {
  try {
    await made;
  } catch (error) {
    assert.ok(isRefused(error, 'Invalid'), String(error));
    return error.refusal?.causes?.map(({ field }) => field) ?? [];
  }
  return [];
}

/** Which fields of a Service with these ports are refused. */
const ofPorts = (...ports: Port[]) =>
  faults(
    client.create(
      services,
      { metadata: { name: 'x', namespace }, spec: { ports } },
      { dryRun: true },
    ),
  );

const slice = (more: Partial<EndpointSlice>): EndpointSlice => ({
  metadata: { name: 'x', namespace },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 80 }],
  endpoints: [{ addresses: ['10.1.0.1'] }],
  ...more,
});
const ofSlice = (more: Partial<EndpointSlice>) =>
  faults(client.create(endpointSlices, slice(more), { dryRun: true }));

describe('an API server', () => {
  it('looks at the ports of a Service: numbers, names, protocols', async () => {
    assert.deepEqual(await ofPorts({ port: 80 }), []);
    assert.deepEqual(await ofPorts({ port: 70_000 }), [
      'spec.ports[0].port',
      'spec.ports[0].targetPort',
    ]);
    assert.deepEqual(await ofPorts({ port: 80, name: 'Http_' }), ['spec.ports[0].name']);
    assert.deepEqual(await ofPorts({ port: 80, name: 'x'.repeat(64) }), ['spec.ports[0].name']);
    assert.deepEqual(await ofPorts({ port: 80 }, { port: 81 }), [
      'spec.ports[0].name',
      'spec.ports[1].name',
    ]);
    assert.deepEqual(await ofPorts({ port: 80, appProtocol: 'kubernetes.io/h2c' }), []);
    assert.deepEqual(await ofPorts({ port: 80, appProtocol: 'b ad' }), [
      'spec.ports[0].appProtocol',
    ]);
  });

  it('looks at names in a slice, and at no number of a port', async () => {
    assert.deepEqual(await ofSlice({ ports: [{ name: 'a', port: 0 }] }), []);
    assert.deepEqual(await ofSlice({ ports: [{ name: 'a', port: 70_000 }] }), []);
    assert.deepEqual(await ofSlice({ ports: [{ name: 'Bad_', port: 1 }] }), ['ports[0].name']);
    assert.deepEqual(await ofSlice({ ports: [{ name: 'a', port: 1, appProtocol: 'b ad' }] }), [
      'ports[0].appProtocol',
    ]);
    const addresses = ['10.1.0.1'];
    assert.deepEqual(await ofSlice({ endpoints: [{ addresses, nodeName: 'Bad_' }] }), [
      'endpoints[0].nodeName',
    ]);
    assert.deepEqual(
      await ofSlice({
        endpoints: [{ addresses, hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }],
      }),
      ['endpoints[0].hints.forZones[1].name'],
    );
    assert.deepEqual(await ofSlice({ endpoints: [{ addresses: ['::1'] }] }), [
      'endpoints[0].addresses',
      'endpoints[0].addresses[0]',
    ]);
    assert.deepEqual(await ofSlice({ endpoints: [{ addresses: ['10.0.0.01'] }] }), [
      'endpoints[0].addresses[0]',
    ]);
  });

  it('fills in what is left out, and leaves out what is empty', async () => {
    const made = await client.create(endpointSlices, slice({}), { dryRun: true });
    assert.deepEqual(made.endpoints, [{ addresses: ['10.1.0.1'], conditions: {} }]);
    const metadata = { name: 'filled', namespace, labels: { a: 'b' } };
    const ports = [{ port: 80, targetPort: 0 }];
    const service = await client.create(services, { metadata, spec: { ports } });
    assert.equal(service.spec?.ports?.[0]?.targetPort, 80);
    const patch = { metadata: { labels: { a: null } } };
    const bare = await client.patch(services, 'filled', patch, { namespace });
    assert.ok(!('labels' in bare.metadata));
    const ingress = [{ ip: '1.2.3.4' }];
    await client.patch(services, 'filled', { spec: { type: 'LoadBalancer' } }, { namespace });
    const status = { status: { loadBalancer: { ingress } } };
    const served = await client.patch(services, 'filled', status, {
      namespace,
      subresource: 'status',
    });
    assert.deepEqual(served.status?.loadBalancer?.ingress, [{ ip: '1.2.3.4', ipMode: 'VIP' }]);
  });

  it('lists nothing as nothing, in a namespace that is there and in one that is not', async () => {
    const none = { labelSelector: 'none=such' };
    assert.deepEqual((await client.list(services, { namespace, ...none })).items, []);
    assert.deepEqual((await client.list(services, { namespace: 'none-such' })).items, []);
  });

  it('takes a Lease of nobody, and one only with its revision the second time', async () => {
    const metadata = { name: 'nobody', namespace };
    const made = await client.create(leases, { metadata, spec: { holderIdentity: '' } });
    assert.equal(made.spec?.holderIdentity ?? '', '');
    assert.deepEqual(await faults(client.update(leases, { metadata, spec: {} })), [
      'metadata.resourceVersion',
    ]);
  });

  it('deletes only what is meant, and says what is another', async () => {
    const metadata = { name: 'meant', namespace };
    await client.create(MAPS, { metadata });
    const refused = (message: RegExp) => (error: unknown) =>
      isRefused(error, 'Conflict') && message.test(error.message);
    await assert.rejects(
      client.delete(MAPS, 'meant', { namespace, uid: 'x' }),
      refused(/the UID in the precondition \(x\) does not match/),
    );
    await assert.rejects(
      client.delete(MAPS, 'meant', { namespace, resourceVersion: '1' }),
      refused(/the ResourceVersion in the precondition \(1\) does not match/),
    );
    assert.deepEqual(
      await faults(client.create(MAPS, { metadata: { ...metadata, finalizers: ['bad'] } })),
      ['metadata.finalizers[0]'],
    );
  });

  it('refuses what is created with a revision, and keys that are none', async () => {
    const metadata = { name: 'second', namespace };
    await assert.rejects(
      client.create(MAPS, { metadata: { ...metadata, resourceVersion: '5' } }),
      /resourceVersion should not be set on objects to be created/,
    );
    assert.deepEqual(await faults(client.create(MAPS, { metadata, data: { 'a b': 'c' } })), [
      'data[a b]',
    ]);
    const annotations = { 'Bad Key': 'x' };
    assert.deepEqual(
      await faults(client.create(MAPS, { metadata: { ...metadata, annotations } })),
      ['metadata.annotations'],
    );
  });
});
