import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { call, LEASES, MAPS, SERVICES, SLICES, told } from './asked-kubernetes.ts';

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
