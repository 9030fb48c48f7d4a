import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import {
  certificate,
  runKubectl,
  skipWithout,
  startKubernetes,
  tempDir,
  until,
} from '@meshkeeper/testbed';

const kubernetes = await startKubernetes({ bookmarks: 100, patience: 50, namespaces: ['shop'] });
after(() => kubernetes.close());
const ca = await readFile(kubernetes.ca, 'utf8');

type Answer = {
  readonly code: number;
  readonly headers: Record<string, unknown>;
  /** Looked at member by member. */
  readonly body: ReturnType<typeof JSON.parse>;
};

interface Call {
  readonly body?: unknown;
  readonly type?: string;
  readonly token?: string;
}

/** One request, as plain as can be. */
async function call(
  method: string,
  path: string,
  { body, type, token }: Call = {},
): Promise<Answer> {
  const sent = request(`${kubernetes.url}${path}`, {
    ...{ method, ca, agent: false },
    headers: {
      authorization: `Bearer ${token ?? kubernetes.token}`,
      'content-type': type ?? 'application/json',
    },
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return {
    code: response.statusCode,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

/** The events of a watch, as they come. */
async function watch(path: string) {
  const sent = request(`${kubernetes.url}${path}`, {
    ...{ ca, agent: false },
    headers: { authorization: `Bearer ${kubernetes.token}` },
  });
  sent.on('error', () => {});
  sent.end();
  const [response] = await once(sent, 'response');
  response.on('error', () => {});
  const events: Answer['body'][] = [];
  let ended = false;
  const reader = createInterface({ input: response });
  reader.on('error', () => {});
  reader.on('line', (line) => events.push(JSON.parse(line)));
  reader.on('close', () => {
    ended = true;
  });
  return {
    code: response.statusCode as number,
    events,
    get ended() {
      return ended;
    },
    [Symbol.dispose]: () => sent.destroy(),
  };
}

const MAPS = '/api/v1/namespaces/shop/configmaps';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
const SERVICES = '/api/v1/namespaces/shop/services';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
const map = (name: string, data = {}) => ({ metadata: { name }, data });

function told({ code, body }: Answer) {
  return [code, body.reason];
}

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

test('a Lease wants microseconds, is created by PUT, and is not overwritten blindly', async () => {
  const lease = (renewTime: string, resourceVersion?: string) => ({
    metadata: { name: 'lead', ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { holderIdentity: 'a', renewTime },
  });
  const path = `${LEASES}/lead`;
  assert.equal((await call('PUT', path, { body: lease('2026-01-01T00:00:00.000Z') })).code, 400);
  const time = '2026-01-01T00:00:00.000000Z';
  assert.equal((await call('PUT', path, { body: lease(time, '999999') })).code, 201);
  assert.deepEqual(told(await call('PUT', path, { body: lease(time) })), [422, 'Invalid']);
  const stale = await call('PUT', path, { body: lease('2026-01-01T00:00:01.000000Z', '1') });
  assert.deepEqual(told(stale), [409, 'Conflict']);
  assert.deepEqual(told(await call('POST', LEASES, { body: lease(time) })), [409, 'AlreadyExists']);
});

test('a slice takes the addresses that a real server takes, and at most 1,000', async () => {
  const slice = (addresses: readonly string[], addressType = 'IPv4', name = 's') => ({
    metadata: { name },
    addressType,
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [],
  });
  const refused: [string, string][] = [
    ...['127.0.0.1', '169.254.1.1', '224.0.0.5', '0.0.0.0', '10.01.1.1', 'x'].map(
      (address): [string, string] => [address, 'IPv4'],
    ),
    ...['::1', 'fe80::1', 'ff02::1', '2001:DB8::1', '2001:db8:0::1', '::ffff:10.0.0.1'].map(
      (address): [string, string] => [address, 'IPv6'],
    ),
  ];
  for (const [address, type] of refused) {
    const answer = await call('POST', SLICES, { body: slice(['10.0.0.1', address], type) });
    assert.equal(answer.code, 422, address);
  }
  const loopback = await call('POST', SLICES, { body: slice(['127.0.0.1']) });
  assert.match(
    loopback.body.message,
    /endpoints\[0\]\.addresses\[0\]: Invalid value: "127\.0\.0\.1": may not be in the loopback range \(127\.0\.0\.0\/8, ::1\/128\)$/,
  );
  const fine = ['255.255.255.255', '240.0.0.1', '239.1.1.1', '10.0.0.1', '10.0.0.1'];
  const made = await call('POST', SLICES, { body: slice(fine) });
  assert.equal(made.code, 201);
  assert.equal(made.body.ports, null);
  const same = await call('PUT', `${SLICES}/s`, { body: slice(fine) });
  assert.equal(same.body.metadata.resourceVersion, made.body.metadata.resourceVersion);
  assert.equal((await call('PUT', `${SLICES}/s`, { body: slice([], 'IPv6') })).code, 422);
  const many = Array.from({ length: 1_001 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  assert.equal((await call('POST', SLICES, { body: slice(many, 'IPv4', 'many') })).code, 422);
  assert.equal(
    (await call('POST', SLICES, { body: slice(many.slice(1), 'IPv4', 'many') })).code,
    201,
  );
});

test('Services get their defaults; lists of nothing are empty, also of no namespace', async () => {
  const headless = { metadata: { name: '1st' }, spec: { clusterIP: 'None' } };
  const { body } = await call('POST', SERVICES, { body: headless });
  assert.equal(body.spec.ipFamilyPolicy, 'RequireDualStack');
  const plain = { metadata: { name: 'plain' }, spec: { ports: [{ port: 80 }] } };
  const made = await call('POST', SERVICES, { body: plain });
  assert.deepEqual(made.body.spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  assert.match(made.body.spec.clusterIP, /^10\./);
  // Without a resourceVersion it is overwritten, and keeps its address.
  const again = await call('PUT', `${SERVICES}/plain`, {
    body: { ...plain, metadata: { name: 'plain', labels: { a: 'b' } } },
  });
  assert.equal(again.body.spec.clusterIP, made.body.spec.clusterIP);
  assert.equal(
    (await call('POST', SERVICES, { body: { metadata: { name: 'a.b' }, spec: plain.spec } })).code,
    422,
  );
  const none = await call('GET', '/api/v1/namespaces/none-such/services');
  assert.deepEqual([none.code, none.body.items], [200, []]);
  assert.deepEqual(
    told(await call('POST', '/api/v1/namespaces/none-such/services', { body: plain })),
    [404, 'NotFound'],
  );
});

test('server-side apply: fields have owners, and unknown ones are an error', async () => {
  const type = 'application/apply-patch+yaml';
  const at = (manager: string, more = '') => `${MAPS}/applied?fieldManager=${manager}${more}`;
  const body = (data: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'applied' },
    data,
  });
  assert.equal(
    (await call('PATCH', at('one'), { type, body: body({ a: '1', b: '1' }) })).code,
    201,
  );
  const other = await call('PATCH', at('two'), { type, body: body({ b: '2' }) });
  assert.deepEqual(told(other), [409, 'Conflict']);
  assert.equal(other.body.details.causes[0].reason, 'FieldManagerConflict');
  await call('PATCH', at('two', '&force=true'), { type, body: body({ b: '2' }) });
  // What one no longer says goes, unless it is another's.
  const left = await call('PATCH', at('one'), { type, body: body({}) });
  assert.deepEqual(left.body.data, { b: '2' });
  const spelt = { apiVersion: 'v1', kind: 'Service' };
  const unknown = {
    ...spelt,
    metadata: { name: 'odd' },
    spec: { ports: [{ port: 80 }], colour: 'red' },
  };
  const odd = await call('PATCH', `${SERVICES}/odd?fieldManager=one`, { type, body: unknown });
  assert.equal(odd.code, 500);
});

test('a definition serves its resource: pruned, defaulted, validated, its status by itself', async () => {
  const definition = (schema: object) => ({
    metadata: { name: 'gadgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'gadgets', kind: 'Gadget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  });
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const loose = {
    type: 'object',
    properties: { spec: { type: 'object', additionalProperties: false } },
  };
  assert.equal((await call('POST', crds, { body: definition(loose) })).code, 422);
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['size'],
        properties: {
          size: { type: 'integer', minimum: 1 },
          colour: { type: 'string', default: 'red' },
        },
      },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  assert.equal((await call('POST', crds, { body: definition(schema) })).code, 201);
  const gadgets = '/apis/example.com/v1/namespaces/shop/gadgets';
  await until(async () => (await call('GET', gadgets)).code === 200);
  const gadget = (spec: object) => ({ metadata: { name: 'g' }, spec, status: { ok: true } });
  assert.equal((await call('POST', gadgets, { body: gadget({ size: 0 }) })).code, 422);
  const strict = await call('POST', `${gadgets}?fieldValidation=Strict`, {
    body: gadget({ size: 1, x: 1 }),
  });
  assert.equal(strict.code, 400);
  const made = await call('POST', gadgets, { body: gadget({ size: 1, x: 1 }) });
  assert.deepEqual(made.body.spec, { size: 1, colour: 'red' });
  assert.equal(made.body.status, undefined);
  assert.match(String(made.headers.warning), /unknown field/);
  const status = await call('PUT', `${gadgets}/g/status`, {
    body: { ...made.body, spec: { size: 9 }, status: { ok: true } },
  });
  assert.deepEqual(
    [status.body.spec.size, status.body.status, status.body.metadata.generation],
    [1, { ok: true }, 1],
  );
  assert.deepEqual(told(await call('PUT', `${gadgets}/g`, { body: gadget({ size: 2 }) })), [
    422,
    'Invalid',
  ]);
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

test('what is deleted waits for its finalizers, and takes along what it owned', async () => {
  const owner = await call('POST', MAPS, {
    body: { metadata: { name: 'owner', finalizers: ['example.com/x'] } },
  });
  const { uid } = owner.body.metadata;
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid };
  await call('POST', MAPS, { body: { metadata: { name: 'owned', ownerReferences: [reference] } } });
  const deleted = await call('DELETE', `${MAPS}/owner`);
  assert.ok(deleted.body.metadata.deletionTimestamp);
  const type = 'application/merge-patch+json';
  await call('PATCH', `${MAPS}/owner`, { type, body: { metadata: { finalizers: null } } });
  assert.equal((await call('GET', `${MAPS}/owner`)).code, 404);
  await until(async () => (await call('GET', `${MAPS}/owned`)).code === 404);
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
