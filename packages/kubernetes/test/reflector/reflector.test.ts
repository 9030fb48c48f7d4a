import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ApiClient,
  type KubernetesObject,
  Reflector,
  type ReflectorChange,
  type ReflectorOptions,
  resource,
} from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';
import { testCluster } from '../cluster.ts';

const cluster = await testCluster();
const { client } = cluster;

type ConfigMap = KubernetesObject & { readonly data?: Record<string, string> };
const configMaps = resource<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');

/** A reflector that runs, and what it has told. Its pauses are short. */
function reflect(namespace: string, options: Partial<ReflectorOptions<ConfigMap, string>> = {}) {
  const reflector = new Reflector<ConfigMap, string>({
    client,
    resource: configMaps,
    namespace,
    // A real cluster puts one of its own into every namespace.
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    project: ({ data }) => data?.value ?? '',
    backOff: { first: 5, longest: 50 },
    ...options,
  });
  const ending = new AbortController();
  const changes: ReflectorChange<string>[] = [];
  /** What somebody knows who only listens. */
  let told = new Map<string, string>();
  const running = (async () => {
    for await (const change of reflector.changes(ending.signal)) {
      changes.push(
        change.type === 'reset' ? { ...change, objects: new Map(change.objects) } : change,
      );
      if (change.type === 'reset') told = new Map(change.objects);
      else if (change.type === 'upsert') told.set(change.key, change.object);
      else told.delete(change.key);
    }
  })();
  return {
    reflector,
    changes,
    get told() {
      return Object.fromEntries([...told].sort());
    },
    get resets() {
      return changes.filter(({ type }) => type === 'reset').length;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

function put(namespace: string, name: string, value: string): Promise<ConfigMap> {
  return client.apply(
    configMaps,
    { metadata: { name, namespace }, data: { value } },
    { force: true },
  );
}

const told = (namespace: string, values: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${namespace}/${name}`, value]),
  );

test('what is there comes as a reset, in pages, and then what changes', async () => {
  const namespace = await cluster.namespace();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await put(namespace, name, '1');
  await using running = reflect(namespace, { pageSize: 2 });
  const { reflector, changes } = running;
  await until(() => changes.length > 0);
  assert.equal(changes[0]?.type, 'reset');
  assert.equal(reflector.state.type, 'live');
  assert.deepEqual(running.told, told(namespace, { a: '1', b: '1', c: '1', d: '1', e: '1' }));
  await put(namespace, 'a', '2');
  await client.delete(configMaps, 'b', { namespace });
  await put(namespace, 'f', '1');
  const expected = told(namespace, { a: '2', c: '1', d: '1', e: '1', f: '1' });
  await until(() => assert.deepEqual(running.told, expected) ?? true);
  assert.equal(running.resets, 1);
  assert.deepEqual(Object.fromEntries([...reflector.objects].sort()), expected);
});

test('what is not kept is not told', async () => {
  const namespace = await cluster.namespace();
  await put(namespace, 'a', 'no');
  await using running = reflect(namespace, {
    project: ({ data }) => (data?.value === 'no' ? undefined : data?.value),
  });
  await until(() => running.changes.length > 0);
  assert.deepEqual(running.told, {});
  await put(namespace, 'a', 'yes');
  await until(() => assert.deepEqual(running.told, told(namespace, { a: 'yes' })) ?? true);
  await put(namespace, 'a', 'no');
  await until(() => assert.deepEqual(running.told, {}) ?? true);
});

test('a watch whose time is up goes on where it was', async () => {
  const namespace = await cluster.namespace();
  await using running = reflect(namespace, { watchTime: 500, random: () => 0 });
  await until(() => running.changes.length > 0);
  let watches = 0;
  const counted: Pick<ApiClient, 'listEach' | 'watch'> = {
    listEach: client.listEach.bind(client),
    watch: (...of) => {
      watches += 1;
      return client.watch(...of);
    },
  };
  await using other = reflect(namespace, { client: counted, watchTime: 500, random: () => 0 });
  await until(() => watches >= 3);
  await put(namespace, 'a', '1');
  await until(() => assert.deepEqual(other.told, told(namespace, { a: '1' })) ?? true);
  assert.equal(other.resets, 1);
});

test('a namespace that goes takes its objects with it, and what an empty list proves nothing of stays', async () => {
  const namespace = await cluster.namespace();
  await put(namespace, 'a', '1');
  let isEmpty = false;
  let proof = false;
  // An API server that was set up anew, or a namespace that isn't there: 200, and nothing.
  const forgetful: Pick<ApiClient, 'listEach' | 'watch'> = {
    listEach: (resource, options, each) =>
      client.listEach(resource, options, isEmpty ? () => {} : each),
    async *watch(...of) {
      for await (const event of client.watch(...of)) {
        yield event as never;
        if (isEmpty) {
          yield { type: 'ERROR', object: { code: 410, reason: 'Expired' } };
          return;
        }
      }
    },
  };
  await using running = reflect(namespace, { client: forgetful, provesEmpty: async () => proof });
  await until(() => running.resets === 1);
  isEmpty = true;
  await put(namespace, 'a', '2');
  await until(() => running.reflector.state.type === 'stale');
  assert.deepEqual(running.told, told(namespace, { a: '2' }));
  proof = true;
  await until(() => running.resets === 2);
  assert.deepEqual(running.told, {});
});

test('who takes changes slowly is told only the newest of each object', async () => {
  const namespace = await cluster.namespace();
  const reflector = new Reflector<ConfigMap, string>({
    ...{ client, resource: configMaps, namespace },
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    project: ({ data }) => data?.value ?? '',
  });
  const ending = new AbortController();
  const changes = reflector.changes(ending.signal);
  assert.equal((await changes.next()).value?.type, 'reset');
  for (let i = 0; i <= 20; i++) await put(namespace, 'a', String(i));
  await until(() => reflector.objects.get(`${namespace}/a`) === '20');
  const { value } = await changes.next();
  assert.deepEqual(value, { type: 'upsert', key: `${namespace}/a`, object: '20' });
  ending.abort();
  assert.equal((await changes.next()).done, true);
});
