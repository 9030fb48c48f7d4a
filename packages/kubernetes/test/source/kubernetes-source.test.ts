import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCES } from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';
import { testCluster } from '../cluster.ts';
import { runSource, service, slice, told } from './running-source.ts';

const cluster = await testCluster();
const { client, kubeconfig } = cluster;
const { services, endpointSlices } = RESOURCES;

const equal = (actual: unknown, expected: unknown) => {
  assert.deepEqual(actual, expected);
  return true;
};

test('a Service is a service for each of its ports, with the endpoints of all its slices', async () => {
  const namespace = await cluster.namespace();
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'grpc-api', port: 90, targetPort: 9090 },
    { name: 'admin', port: 91, appProtocol: 'kubernetes.io/h2c' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  await client.create(services, service(namespace, 'web', { ports }));
  const slicePorts = [
    { name: 'http', port: 8080 },
    { name: 'grpc-api', port: 9090 },
    { name: 'admin', port: 9191 },
  ];
  const made = await client.create(
    endpointSlices,
    slice(namespace, 'web', 'web-1', [{ addresses: ['10.0.0.1'], zone: 'a' }], {
      ports: slicePorts,
    }),
  );
  await client.create(
    endpointSlices,
    slice(namespace, 'web', 'web-2', [{ addresses: ['10.0.0.2'] }], { ports: slicePorts }),
  );
  await using running = await runSource({ kubeconfig, namespaces: [namespace] });
  assert.equal(running.source.state.type, 'starting');
  await until(() => running.resets === 1);
  assert.equal(running.source.state.type, 'live');
  const name = `web.${namespace}`;
  assert.deepEqual([...running.services.keys()].sort(), [
    name,
    `${name}:admin`,
    `${name}:grpc-api`,
  ]);
  assert.deepEqual(told(running.services.get(name)), [
    '10.0.0.1:8080 healthy',
    '10.0.0.2:8080 healthy',
  ]);
  assert.deepEqual(told(running.services.get(`${name}:grpc-api`)), [
    '10.0.0.1:9090 healthy',
    '10.0.0.2:9090 healthy',
  ]);
  const protocols = [...running.services].map(([each, { protocol }]) => [
    each.split(':')[1],
    protocol,
  ]);
  assert.deepEqual(Object.fromEntries(protocols), {
    undefined: 'http',
    'grpc-api': 'grpc',
    admin: 'http2',
  });
  const hosts = (port = '') =>
    ['', '.svc', '.svc.cluster.local'].map((end) => `${name}${end}${port}`).sort();
  assert.deepEqual(running.services.get(name)?.hosts, hosts());
  const [grpc] = ports.filter((port) => port.name === 'grpc-api');
  assert.deepEqual(running.services.get(`${name}:grpc-api`)?.hosts, hosts(`:${grpc?.port}`));
  const [endpoint] = running.services.get(name)!.endpoints;
  assert.deepEqual(endpoint?.locality, { region: '', zone: 'a', subzone: '' });
  assert.deepEqual(endpoint?.origin, {
    registry: 'k8s',
    path: `EndpointSlice ${namespace}/web-1`,
    version: made.metadata.resourceVersion,
  });
  assert.equal(endpoint?.metadata['kubernetes.service'], 'web');

  // One slice of several that goes takes only its own endpoints along.
  await client.delete(endpointSlices, 'web-1', { namespace });
  await until(() => equal(told(running.services.get(name)), ['10.0.0.2:8080 healthy']));
  const departed = running.changes.findLast(
    (change) => change.type === 'upsert' && change.service.name === name,
  );
  assert.ok(departed?.type === 'upsert');
  assert.deepEqual(
    [...(departed.departed ?? [])],
    [[`${namespace}/10.0.0.1:8080`, 'deregistered']],
  );
  // Without any it is there, and has none; deleted it is gone.
  await client.delete(endpointSlices, 'web-2', { namespace });
  await until(() => equal(told(running.services.get(name)), []));
  await client.delete(services, 'web', { namespace });
  await until(() => equal([...running.services.keys()], []));
  assert.equal(running.resets, 1);
});

test('conditions are health: what terminates and serves drains', async () => {
  const namespace = await cluster.namespace();
  await client.create(services, service(namespace, 'web', { clusterIP: 'None' }));
  const conditions = [
    [undefined, 'healthy'],
    [{ ready: true, serving: true, terminating: false }, 'healthy'],
    [{ ready: false, serving: false, terminating: false }, 'unhealthy'],
    [{ ready: false, serving: true, terminating: true }, 'draining'],
    [{ ready: false, serving: false, terminating: true }, 'unhealthy'],
  ] as const;
  const endpoints = conditions.map(([stated], i) => ({
    addresses: [`10.0.0.${i + 1}`],
    ...(stated !== undefined && { conditions: stated }),
  }));
  await client.create(endpointSlices, slice(namespace, 'web', 'web-1', endpoints));
  await using running = await runSource({ kubeconfig, namespaces: [namespace] });
  await until(() => running.resets === 1);
  assert.deepEqual(
    running.services.get(`web.${namespace}`)?.endpoints.map(({ health }) => health),
    conditions.map(([, health]) => health),
  );
});

test('an endpoint in two slices is one, and so is a pod of two address families', async () => {
  const namespace = await cluster.namespace();
  await client.create(services, service(namespace, 'web'));
  const targetRef = { kind: 'Pod', name: 'web-0', namespace };
  const starting = { addresses: ['10.0.0.2'], conditions: { ready: false } };
  await client.create(
    endpointSlices,
    slice(namespace, 'web', 'web-a', [{ addresses: ['10.0.0.1'], targetRef }, starting]),
  );
  await client.create(
    endpointSlices,
    slice(namespace, 'web', 'web-b', [{ addresses: ['10.0.0.2'] }]),
  );
  await client.create(endpointSlices, {
    ...slice(namespace, 'web', 'web-6', [{ addresses: ['fd00::1'], targetRef }]),
    addressType: 'IPv6',
  });
  await using running = await runSource({ kubeconfig, namespaces: [namespace] });
  await until(() => running.resets === 1);
  const found = running.services.get(`web.${namespace}`);
  assert.deepEqual(told(found), ['10.0.0.2:8080 healthy', '10.0.0.1:8080 healthy']);
  assert.deepEqual(
    found?.endpoints.map(({ id }) => id),
    [`${namespace}/10.0.0.2:8080`, `${namespace}/web-0`],
  );
});

test('annotations name a service, its port, its weight and metadata, and leave it out', async () => {
  const namespace = await cluster.namespace();
  const ports = [
    { name: 'http', port: 80 },
    { name: 'api', port: 81 },
  ];
  const annotations = {
    'meshkeeper.io/service-name': `orders-${namespace}`,
    'meshkeeper.io/service-port': 'api',
    'meshkeeper.io/weight': '20',
    'meshkeeper.io/metadata.version': 'v2',
  };
  await client.create(services, service(namespace, 'web', { ports }, { annotations }));
  await client.create(
    endpointSlices,
    slice(namespace, 'web', 'web-1', [{ addresses: ['10.0.0.1'] }], {
      ports: [
        { name: 'http', port: 8080 },
        { name: 'api', port: 8081 },
      ],
    }),
  );
  const off = { annotations: { 'meshkeeper.io/sync': 'false' } };
  await client.create(services, service(namespace, 'hidden', {}, off));
  const wrong = {
    annotations: { 'meshkeeper.io/weight': 'heavy', 'meshkeeper.io/service-port': 'x' },
  };
  await client.create(services, service(namespace, 'wrong', {}, wrong));
  await using running = await runSource({ kubeconfig, namespaces: [namespace] });
  await until(() => running.resets === 1);
  const name = `orders-${namespace}`;
  assert.deepEqual([...running.services.keys()].sort(), [
    name,
    `${name}:http`,
    `wrong.${namespace}`,
  ]);
  const [endpoint] = running.services.get(name)!.endpoints;
  assert.equal(endpoint?.port, 8081);
  assert.equal(endpoint?.weight, 20);
  assert.equal(endpoint?.metadata.version, 'v2');
  const problems = [...running.source.problems.values()].map(({ code, message }) => [
    code,
    message,
  ]);
  assert.deepEqual(problems, [
    ['not-applied', 'meshkeeper.io/service-port is "x", and there is no such port'],
    ['not-applied', 'meshkeeper.io/weight is "heavy": write a number to 65535'],
  ]);
  // It can be turned round.
  await using chosen = await runSource({
    kubeconfig,
    namespaces: [namespace],
    sync: 'if-annotated',
  });
  await until(() => chosen.resets === 1);
  assert.deepEqual([...chosen.services.keys()], []);
  const on = { 'meshkeeper.io/sync': 'true' };
  await client.patch(services, 'hidden', { metadata: { annotations: on } }, { namespace });
  await until(() => equal([...chosen.services.keys()], [`hidden.${namespace}`]));
});

test('what a mesh has written does not come back, and a namespace that is denied is not read', async () => {
  const namespace = await cluster.namespace();
  const denied = await cluster.namespace();
  const labels = { 'meshkeeper.io/mesh': 'abc', 'meshkeeper.io/destination': 'k8s' };
  await client.create(services, service(namespace, 'ours', {}, { labels }));
  await client.create(services, service(namespace, 'theirs'));
  const ours = [{ addresses: ['10.9.9.9'] }];
  await client.create(endpointSlices, slice(namespace, 'theirs', 't-1', ours, { labels }));
  await client.create(services, service(denied, 'secret'));
  await using running = await runSource({
    ...{ kubeconfig, namespaces: [namespace, denied], except: [denied] },
  });
  await until(() => running.resets === 1);
  assert.deepEqual([...running.services.keys()], [`theirs.${namespace}`]);
  assert.deepEqual(told(running.services.get(`theirs.${namespace}`)), []);
  // Who takes a Service over by a label takes it out of the catalog.
  await client.patch(services, 'theirs', { metadata: { labels } }, { namespace });
  await until(() => running.services.size === 0);
});

test('a label selector chooses Services', async () => {
  const namespace = await cluster.namespace();
  await client.create(services, service(namespace, 'a', {}, { labels: { tier: 'prod' } }));
  await client.create(services, service(namespace, 'b', {}, { labels: { tier: 'test' } }));
  await using running = await runSource({
    kubeconfig,
    namespaces: [namespace],
    labels: 'tier!=test',
  });
  await until(() => running.resets === 1);
  assert.deepEqual([...running.services.keys()], [`a.${namespace}`]);
});

test('an ExternalName is its name, and a load balancer what its status says', async () => {
  const namespace = await cluster.namespace();
  const external = {
    type: 'ExternalName',
    externalName: 'localhost',
    ports: [{ port: 5432 }],
  } as const;
  await client.create(services, service(namespace, 'db', external));
  // A class of its own, so that nobody else looks after it.
  const balanced = { type: 'LoadBalancer', loadBalancerClass: 'meshkeeper.io/test' } as const;
  const made = await client.create(services, service(namespace, 'lb', balanced));
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
  await client.update(services, { ...made, status }, { subresource: 'status' });
  await using running = await runSource({
    ...{ kubeconfig, namespaces: [namespace], loadBalancers: 'ingress' },
  });
  await until(() => running.resets === 1);
  // Names are looked up for it.
  assert.deepEqual(told(running.services.get(`db.${namespace}`)), ['localhost:5432 unknown']);
  assert.deepEqual(told(running.services.get(`lb.${namespace}`)), ['192.0.2.7:80 unknown']);
});

test('Services of one name are one service', async () => {
  const one = await cluster.namespace();
  const two = await cluster.namespace();
  const annotations = { 'meshkeeper.io/service-name': `shared-${one}` };
  for (const [i, namespace] of [one, two].entries()) {
    await client.create(services, service(namespace, 'web', {}, { annotations }));
    await client.create(
      endpointSlices,
      slice(namespace, 'web', 'web-1', [{ addresses: [`10.0.${i}.1`] }]),
    );
  }
  await using running = await runSource({ kubeconfig, namespaces: [one, two] });
  await until(() => running.resets === 1);
  assert.equal(running.services.get(`shared-${one}`)?.endpoints.length, 2);
  await client.delete(services, 'web', { namespace: one });
  await until(() => running.services.get(`shared-${one}`)?.endpoints.length === 1);
});

test('endpoints at one address that are no pods are told apart by their ports', async () => {
  const namespace = await cluster.namespace();
  await client.create(services, service(namespace, 'vm'));
  for (const port of [8080, 8081]) {
    const ports = [{ name: 'http', port }];
    const at = [{ addresses: ['10.0.0.1'] }];
    await client.create(endpointSlices, slice(namespace, 'vm', `vm-${port}`, at, { ports }));
  }
  await using running = await runSource({ kubeconfig, namespaces: [namespace] });
  const name = `vm.${namespace}`;
  await until(() => running.services.get(name)?.endpoints.length === 2);
  const { endpoints = [] } = running.services.get(name) ?? {};
  assert.deepEqual(
    endpoints.map(({ port }) => port),
    [8080, 8081],
  );
});
