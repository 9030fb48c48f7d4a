import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificate, runKubectl, skipWithout, tempDir, until } from '@meshkeeper/testbed';
import {
  type Answer,
  call,
  kubernetes,
  MAPS,
  map,
  SLICES,
  told,
  watch,
} from './asked-kubernetes.ts';

test('a watch that is too old is 200 with one ERROR, a future one is silent, and a word is 500', async () => {
  const { body } = await call('POST', MAPS, { body: map('old') });
  const revision = Number(body.metadata.resourceVersion);
  await call('PUT', `${MAPS}/old`, { body: map('old', { a: '1' }) });
  kubernetes.compact();
  using late = await watch(`${MAPS}?watch=1&resourceVersion=${revision}`);
  await until(() => late.ended);
  assert.equal(late.code, 200);
  assert.equal(late.events.length, 1);
  const [{ type, object }] = late.events;
  assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired']);
  assert.match(object.message, /^too old resource version: \d+ \(\d+\)$/);
  using future = await watch(`${MAPS}?watch=1&resourceVersion=${revision + 1_000}`);
  using present = await watch(`${MAPS}?watch=1&resourceVersion=${revision + 1}`);
  await call('POST', MAPS, { body: map('seen') });
  await until(() => present.events.length === 1);
  assert.deepEqual([future.code, future.events], [200, []]);
  assert.equal((await call('GET', `${MAPS}?watch=1&resourceVersion=abc`)).code, 500);
  assert.equal((await call('GET', `${MAPS}?resourceVersion=abc`)).code, 400);
  const far = await call('GET', `${MAPS}?resourceVersion=${revision + 100_000}`);
  assert.deepEqual(told(far), [504, 'Timeout']);
  assert.match(far.body.message, /Too large resource version/);
});

test('a list that expired goes on inconsistently where it was; revision 0 knows no limit', async () => {
  const paged = '/api/v1/namespaces/default/configmaps';
  for (const name of ['a', 'b', 'c']) await call('POST', paged, { body: map(name) });
  const first = await call('GET', `${paged}?limit=2`);
  assert.deepEqual(
    first.body.items.map((each: Answer['body']) => each.metadata.name),
    ['a', 'b'],
  );
  assert.equal(first.body.metadata.remainingItemCount, 1);
  const next = `${paged}?limit=2&continue=${first.body.metadata.continue}`;
  await call('POST', paged, { body: map('d') });
  const second = await call('GET', next);
  assert.deepEqual(
    second.body.items.map((each: Answer['body']) => each.metadata.name),
    ['c'],
  );
  kubernetes.compact();
  const expired = await call('GET', next);
  assert.deepEqual(told(expired), [410, 'Expired']);
  const rest = await call('GET', `${paged}?limit=2&continue=${expired.body.metadata.continue}`);
  assert.deepEqual(
    rest.body.items.map((each: Answer['body']) => each.metadata.name),
    ['c', 'd'],
  );
  assert.equal((await call('GET', `${paged}?limit=2&resourceVersion=0`)).body.items.length, 4);
  // With a limit a revision is exact, and that one is no more.
  const { resourceVersion } = first.body.metadata;
  const exact = `${paged}?limit=2&resourceVersion=${resourceVersion}`;
  assert.deepEqual(told(await call('GET', exact)), [410, 'Expired']);
  assert.equal((await call('GET', `${paged}?resourceVersion=${resourceVersion}`)).code, 200);
});

test('bookmarks tell a revision and nothing else, and a watch ends when its time is up', async () => {
  using some = await watch(`${SLICES}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1`);
  await until(() => some.ended);
  const { type, object } = some.events.at(-1);
  assert.equal(type, 'BOOKMARK');
  assert.equal(object.kind, 'EndpointSlice');
  assert.equal(object.endpoints, null);
  assert.match(object.metadata.resourceVersion, /^\d+$/);
});

test('webhooks are called, and one that is down makes creation fail', async () => {
  await using folder = await tempDir();
  const authority = await certificate(folder.path, 'ca');
  const serving = await certificate(folder.path, 'hook', {
    hosts: ['hook.shop.svc'],
    signer: authority,
  });
  const pem = { cert: await readFile(serving.cert), key: await readFile(serving.key) };
  const server = createServer(pem, async (incoming, response) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const { uid, object } = JSON.parse(text).request;
    const patch = [{ op: 'add', path: '/metadata/labels', value: { seen: object.metadata.name } }];
    const answer = {
      uid,
      allowed: object.metadata.name !== 'bad',
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    };
    response.end(
      JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: answer,
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook = {
    name: 'hook.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    clientConfig: {
      caBundle: (await readFile(authority.cert)).toString('base64'),
      service: { namespace: 'shop', name: 'hook', path: '/mutate' },
    },
  };
  const hooks = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  await call('POST', hooks, { body: { metadata: { name: 'hook' }, webhooks: [webhook] } });
  const pods = '/api/v1/namespaces/shop/pods';
  const pod = (name: string) => ({
    metadata: { name },
    spec: { containers: [{ name: 'a', image: 'a:1' }] },
  });
  assert.deepEqual(told(await call('POST', pods, { body: pod('p') })), [500, 'InternalError']);
  kubernetes.serve('shop/hook', {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
  });
  const made = await call('POST', pods, { body: pod('p') });
  assert.deepEqual([made.code, made.body.metadata.labels], [201, { seen: 'p' }]);
  const denied = await call('POST', pods, { body: pod('bad') });
  assert.match(denied.body.message, /^admission webhook "hook\.example\.com" denied the request/);
  server.close();
  server.closeAllConnections();
  await call('DELETE', `${hooks}/hook`);
});

test('tokens are known or not, and may do what their roles say', async () => {
  assert.equal((await call('GET', MAPS, { token: 'nobody' })).code, 401);
  const token = kubernetes.tokenOf('shop', 'reader');
  const denied = await call('GET', MAPS, { token });
  assert.deepEqual(told(denied), [403, 'Forbidden']);
  assert.match(
    denied.body.message,
    /User "system:serviceaccount:shop:reader" cannot list resource "configmaps"/,
  );
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';
  const metadata = { name: 'reader' };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  await call('POST', `${rbac}/roles`, { body: { metadata, rules } });
  const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace: 'shop' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  await call('POST', `${rbac}/rolebindings`, { body: { metadata, roleRef, subjects } });
  assert.equal((await call('GET', MAPS, { token })).code, 200);
  assert.equal((await call('POST', MAPS, { token, body: map('no') })).code, 403);
});

test('kubectl applies, gets, watches and deletes', {
  skip: skipWithout('kubernetes-tools'),
}, async () => {
  await using folder = await tempDir();
  const run = async (...args: string[]) =>
    (await runKubectl(['-n', 'shop', ...args], { kubeconfig: kubernetes.kubeconfig })).stdout;
  const base = join(folder.path, 'base');
  await mkdir(base);
  const object = (port: number) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ctl}\nspec: {ports: [{port: ${port}}]}\n`;
  await writeFile(join(base, 'service.yaml'), object(80));
  await writeFile(join(base, 'kustomization.yaml'), 'resources: [service.yaml]\n');
  assert.equal(await run('apply', '-k', base), 'service/ctl created\n');
  await writeFile(join(base, 'service.yaml'), object(81));
  assert.equal(await run('apply', '-f', join(base, 'service.yaml')), 'service/ctl configured\n');
  assert.equal(await run('get', 'svc', 'ctl', '-o', 'jsonpath={.spec.ports[*].port}'), '81');
  assert.match(await run('get', 'svc', '--watch', '--request-timeout=1s'), /ctl/);
  assert.match(
    await run('apply', '--server-side', '--force-conflicts', '-k', base),
    /serverside-applied/,
  );
  assert.match(await run('delete', 'svc', 'ctl'), /deleted/);
});
