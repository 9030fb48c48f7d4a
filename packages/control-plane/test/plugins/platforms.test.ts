import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiClient, RESOURCES } from '@meshkeeper/kubernetes';
import { curator } from '@meshkeeper/registries';
import {
  type Consul,
  type Kubernetes,
  startConsul,
  startKubernetes,
  type TempDir,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { startPlane } from './plane.ts';

let server: ZooKeeperServer;
let zk: ZooKeeper;
let consul: Consul;
let kubernetes: Kubernetes;
let cluster: ApiClient;
let folder: TempDir;
before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  zk = await connect({ connect: server.connect });
  consul = await startConsul();
  kubernetes = await startKubernetes();
  cluster = await ApiClient.open({ kubeconfig: kubernetes.kubeconfig });
  folder = await tempDir();
});
after(async () => {
  await folder?.close();
  await cluster?.close();
  await kubernetes?.close();
  await consul?.[Symbol.asyncDispose]();
  await zk?.close();
  await server?.close();
});

async function inConsul(service: string, id: string, address: string): Promise<void> {
  const body = {
    ...{ Node: 'n1', Address: '10.9.0.1' },
    Service: { ID: id, Service: service, Address: address, Port: 80 },
  };
  const init = { method: 'PUT', body: JSON.stringify(body) };
  const answer = await fetch(`${consul.url}/v1/catalog/register`, init);
  assert.equal(answer.status, 200, await answer.text());
}

async function inKubernetes(service: string, address: string): Promise<void> {
  const namespace = 'default';
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
  await cluster.create(RESOURCES.services, {
    metadata: { name: service, namespace },
    spec: { clusterIP: 'None', ports },
  });
  const labels = { 'kubernetes.io/service-name': service };
  await cluster.create(RESOURCES.endpointSlices, {
    metadata: { name: `${service}-1`, namespace, labels },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  });
}

test('a mesh of ZooKeeper, Kubernetes and Consul, by its configuration alone', async () => {
  const registration = { service: 'in-zookeeper', address: '10.1.0.1', port: 80, id: 'z' };
  const [entry] = curator.encode('/r', registration, Date.now());
  await zk.create(entry!.path, entry!.data, { parents: true });
  await inConsul('in-consul', 'c1', '10.2.0.1');
  await inKubernetes('in-kubernetes', '10.3.0.1');
  await using plane = await startPlane(folder.path, {
    zookeeper: { connect: server.connect },
    registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
    sources: [
      { name: 'dc', kind: 'consul', address: consul.url },
      { name: 'cluster', kind: 'kubernetes', kubeconfig: kubernetes.kubeconfig, prefix: 'k8s/' },
    ],
    destinations: [
      { name: 'to-dc', kind: 'consul', address: consul.url, maxDeleteShare: 1 },
      {
        ...{ name: 'to-cluster', kind: 'kubernetes', kubeconfig: kubernetes.kubeconfig },
        ...{ namespace: 'default', maxDeleteShare: 1 },
      },
    ],
    protection: { absorb: 0, limbo: 0, recovery: 0, lastInstance: false },
  });
  const { services } = (await until(async () => {
    const all = (await plane.get('/api/v1/services')) as { services: { name: string }[] };
    return all.services?.length >= 3 ? all : undefined;
  })) as { services: { name: string; registries: string[] }[] };
  const from = new Map(services.map(({ name, registries }) => [name, registries.join()]));
  assert.equal(from.get('in-zookeeper'), 'r');
  assert.equal(from.get('in-consul'), 'dc');
  const kubernetesName = [...from].find(([, source]) => source === 'cluster')?.[0] ?? '';
  assert.match(kubernetesName, /^k8s\/in-kubernetes/);

  // What is elsewhere is brought; what is there already is not, and nothing is read again.
  const inDc = async (service: string) =>
    (await (
      await fetch(`${consul.url}/v1/catalog/service/${encodeURIComponent(service)}`)
    ).json()) as {
      Node: string;
      ServiceAddress: string;
    }[];
  const slices = async (service: string) =>
    (await cluster.list(RESOURCES.endpointSlices, { namespace: 'default' })).items
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
      .flatMap(({ endpoints }) => endpoints?.flatMap(({ addresses }) => addresses) ?? []);
  await until(async () => (await inDc('in-zookeeper')).length === 1);
  await until(async () => (await slices('in-zookeeper')).length === 1);
  await until(async () => (await slices('in-consul')).length === 1);
  assert.equal((await inDc('in-zookeeper'))[0]?.ServiceAddress, '10.1.0.1');
  assert.deepEqual(await slices('in-zookeeper'), ['10.1.0.1']);
  const settled = async () => {
    const { destinations } = (await plane.get('/api/v1/destinations')) as {
      destinations: { name: string; state: string }[];
    };
    return destinations.every(({ state }) => state === 'applied');
  };
  await until(settled);
  assert.deepEqual(
    (await inDc('in-consul')).map(({ Node }) => Node),
    ['n1'],
  );
  assert.deepEqual(await slices('in-kubernetes'), ['10.3.0.1']);
  const [only, ...others] = await plane.endpoints('in-zookeeper');
  assert.match(only ?? '', / r \/r\/in-zookeeper\//);
  assert.deepEqual(others, []);

  // It is gone everywhere when it is gone: that it is in Consul and in the cluster, which are read,
  // doesn't keep it.
  await zk.delete(entry!.path);
  await until(async () => (await inDc('in-zookeeper')).length === 0);
  await until(async () => (await slices('in-zookeeper')).length === 0);
  assert.deepEqual(await plane.endpoints('in-zookeeper'), []);
  await inConsul('in-consul', 'c2', '10.2.0.2');
  await until(async () => (await plane.endpoints('in-consul')).length === 2);
  const readiness = (await plane.get('/readyz')) as {
    registries: { name: string; state: string }[];
  };
  assert.deepEqual(
    readiness.registries.map(({ name, state }) => `${name} ${state}`),
    ['r live', 'dc live', 'cluster live'],
  );
});
