import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ApiClient,
  isRefused,
  KubernetesError,
  type KubernetesObject,
  RESOURCES,
  resource,
} from '@meshkeeper/kubernetes';
import { silentServer, tempDir } from '@meshkeeper/testbed';
import { testCluster } from '../cluster.ts';

const { client, namespace: newNamespace, kubeconfig } = await testCluster();
const namespace = await newNamespace();

const configMaps = resource<KubernetesObject & { data?: Record<string, string> }>(
  '',
  'v1',
  'configmaps',
  'ConfigMap',
);
const { services, leases } = RESOURCES;

const refused = (status: number, reason: string) => (error: unknown) => {
  assert.ok(isRefused(error, reason), String(error));
  assert.equal(error.status, status);
  return true;
};

test('an object is created, read, replaced, patched, applied and deleted', async () => {
  const name = 'one';
  const made = await client.create(configMaps, { metadata: { name, namespace }, data: { a: '1' } });
  assert.ok(made.metadata.uid);
  await assert.rejects(
    client.create(configMaps, { metadata: { name, namespace } }),
    refused(409, 'AlreadyExists'),
  );
  const updated = await client.update(configMaps, { ...made, data: { a: '2' } });
  assert.notEqual(updated.metadata.resourceVersion, made.metadata.resourceVersion);
  await assert.rejects(
    client.update(configMaps, { ...made, data: { a: '3' } }),
    refused(409, 'Conflict'),
  );
  const patched = await client.patch(configMaps, name, { data: { b: '1' } }, { namespace });
  assert.deepEqual(patched.data, { a: '2', b: '1' });
  await client.apply(configMaps, { metadata: { name, namespace }, data: { c: '1' } });
  assert.deepEqual((await client.get(configMaps, name, { namespace })).data, {
    a: '2',
    b: '1',
    c: '1',
  });
  await assert.rejects(
    client.delete(configMaps, name, { namespace, uid: 'another' }),
    refused(409, 'Conflict'),
  );
  await client.delete(configMaps, name, { namespace });
  await assert.rejects(client.get(configMaps, name, { namespace }), refused(404, 'NotFound'));
});

test('a list comes in pages, and an empty one is a list', async () => {
  const empty = await client.list(services, { namespace, labelSelector: 'none=such' });
  assert.deepEqual(empty.items, []);
  const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
  const labels = { paged: 'yes' };
  for (const name of names)
    await client.create(configMaps, { metadata: { name, namespace, labels } });
  const seen: string[] = [];
  let token: string | undefined;
  let pages = 0;
  do {
    const page = await client.list(configMaps, {
      ...{ namespace, labelSelector: 'paged=yes', limit: 2 },
      continue: token,
    });
    seen.push(...page.items.map(({ metadata }) => metadata.name));
    token = page.metadata.continue;
    pages += 1;
  } while (token !== undefined && token !== '');
  assert.deepEqual(seen, names);
  assert.equal(pages, 3);
});

test('a watch tells what happens after the revision that it begins at', async () => {
  const before = await client.list(configMaps, { namespace });
  const ending = new AbortController();
  const watching = (async () => {
    const seen: string[] = [];
    for await (const event of client.watch<KubernetesObject>(configMaps, {
      namespace,
      resourceVersion: before.metadata.resourceVersion,
      fieldSelector: 'metadata.name=watched',
      timeoutSeconds: 60,
      signal: ending.signal,
    })) {
      seen.push(event.type);
      if (event.type === 'DELETED') return seen;
    }
    return seen;
  })();
  const made = await client.create(configMaps, { metadata: { name: 'watched', namespace } });
  await client.update(configMaps, { ...made, data: { a: '1' } });
  await client.create(configMaps, { metadata: { name: 'another', namespace } });
  await client.delete(configMaps, 'watched', { namespace });
  assert.deepEqual(await watching, ['ADDED', 'MODIFIED', 'DELETED']);
  ending.abort();
});

test('what the API does not take says what is wrong, and where', async () => {
  const slice = {
    metadata: { name: 'bad', namespace },
    addressType: 'IPv4' as const,
    endpoints: [{ addresses: ['10.1.2.3'] }, { addresses: ['127.0.0.1'] }],
  };
  await assert.rejects(client.create(RESOURCES.endpointSlices, slice), (error) => {
    assert.ok(isRefused(error, 'Invalid'));
    assert.equal(error.refusal?.causes?.[0]?.field, 'endpoints[1].addresses[0]');
    assert.equal(error.retryable, false);
    return true;
  });
  const renewTime = '2026-01-01T00:00:00.000Z';
  await assert.rejects(
    client.create(leases, { metadata: { name: 'short', namespace }, spec: { renewTime } }),
    (error) => error instanceof KubernetesError && error.status === 400,
  );
});

test('a dry run changes nothing', async () => {
  await client.create(configMaps, { metadata: { name: 'dry', namespace } }, { dryRun: true });
  await assert.rejects(client.get(configMaps, 'dry', { namespace }), refused(404, 'NotFound'));
});

test('a signal ends a request and a watch with its reason', async () => {
  const reason = new Error('enough');
  await assert.rejects(
    client.list(configMaps, { namespace, signal: AbortSignal.abort(reason) }),
    reason,
  );
  const ending = new AbortController();
  const watching = (async () => {
    const { metadata } = await client.list(configMaps, { namespace });
    const { resourceVersion } = metadata;
    const events = client.watch(configMaps, { namespace, resourceVersion, signal: ending.signal });
    setImmediate(() => ending.abort(reason));
    for await (const event of events) assert.equal(event.type, 'BOOKMARK');
  })();
  await assert.rejects(watching, reason);
});

test('a server that is not there, or says nothing, is told apart from one that refuses', async () => {
  await using folder = await tempDir();
  await using silent = await silentServer();
  const path = join(folder.path, 'config');
  const config = (server: string) => ({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
  await writeFile(path, JSON.stringify(config(`http://127.0.0.1:${silent.port}`)));
  await using away = await ApiClient.open({ kubeconfig: path, timeout: 300 });
  await assert.rejects(
    away.list(services, { signal: AbortSignal.timeout(2_000) }),
    (error: Error) => error.name === 'TimeoutError' || (error as KubernetesError).retryable,
  );
  await writeFile(path, JSON.stringify(config('http://127.0.0.1:1')));
  await using gone = await ApiClient.open({ kubeconfig: path });
  await assert.rejects(
    gone.list(services),
    (error) => error instanceof KubernetesError && error.code === 'UNREACHABLE' && error.retryable,
  );
});

test('a configuration that can not be used says what to do', async () => {
  await assert.rejects(ApiClient.open({ kubeconfig: '/none/such' }), {
    code: 'NO_CONFIGURATION',
    message: /kubernetes\.kubeconfig/,
  });
  await assert.rejects(ApiClient.open({ kubeconfig, context: 'none-such' }), {
    code: 'NO_CONFIGURATION',
    message: /there is no context none-such in the kubeconfig; there are: /,
  });
});

test('a token that a plug-in gives goes with requests', async () => {
  await using folder = await tempDir();
  const path = join(folder.path, 'config');
  const credential = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1' };
  const told = JSON.stringify({ ...credential, status: { token: 'of-nobody' } });
  const command = process.execPath;
  const args = ['-e', `console.log(${JSON.stringify(told)})`];
  const user = { exec: { apiVersion: credential.apiVersion, command, args } };
  const cluster = { server: client.server, 'insecure-skip-tls-verify': true };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config));
  await using other = await ApiClient.open({ kubeconfig: path });
  // It is a token that the server doesn't know, and no anonymous request.
  await assert.rejects(other.list(services, { namespace }), refused(401, 'Unauthorized'));
});
