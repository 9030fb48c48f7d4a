import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  ApiClient,
  isRefused,
  POLICY_RESOURCES,
  type PolicyObject,
  RESOURCES,
} from '@meshkeeper/kubernetes';
import { MARK_LABELS } from '@meshkeeper/mesh';
import { startProxy } from '@meshkeeper/proxy';
import {
  type Kubernetes,
  startKubernetes,
  type TempDir,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshId } from '../../../src/mirrors/mesh-id.ts';
import { instance } from '../../instance.ts';
import { startPlane } from '../../plugins/plane.ts';
import { startJudgingProxy } from './judging-proxy.ts';

/** Set to a kubeconfig file, what needs no faults of the cluster runs against that. */
const REAL = process.env.MESHKEEPER_TEST_KUBECONFIG;
const STAND_IN = { skip: REAL !== undefined && 'the cluster can not be stopped' };
const [HTTP_ROUTES] = POLICY_RESOURCES as [(typeof POLICY_RESOURCES)[number]];
const SERVICE = { group: '', kind: 'Service', port: 80 };

let server: ZooKeeperServer;
let zk: ZooKeeper;
let standIn: Kubernetes | undefined;
let kubeconfig: string;
let client: ApiClient;
let folder: TempDir;
let namespace: string;
const backends: Server[] = [];

/** Names in the catalog: as the source calls the Services. */
const named = (service: string) => `${service}.${namespace}`;

before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  zk = await connect({ connect: server.connect });
  standIn = REAL === undefined ? await startKubernetes() : undefined;
  kubeconfig = REAL ?? standIn!.kubeconfig;
  client = await ApiClient.open({ kubeconfig });
  folder = await tempDir();
  namespace = `meshkeeper-test-${randomBytes(4).toString('hex')}`;
  await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  // The instances of the Services are registered in ZooKeeper: a cluster takes no address of loopback.
  for (const service of ['orders', 'orders-v2']) {
    await client.create(RESOURCES.services, {
      metadata: { name: service, namespace },
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    });
    const backend = createServer((_, response) => response.end(service));
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    backends.push(backend);
    const { port } = backend.address() as AddressInfo;
    const path = `/r/${named(service)}/one`;
    await zk.create(path, instance(named(service), 'one', port), { parents: true });
  }
});
after(async () => {
  for (const backend of backends) backend.close();
  await client?.delete(RESOURCES.namespaces, namespace).catch(() => {});
  await client?.close();
  await standIn?.close();
  await folder?.close();
  await zk?.close();
  await server?.close();
});

function start(controlPlane: object = {}) {
  return startPlane(folder.path, {
    zookeeper: { connect: server.connect },
    registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
    sources: [
      { name: 'cluster', kind: 'kubernetes', kubeconfig, namespaces: [namespace], policies: true },
    ],
    protection: { absorb: 0, limbo: 0, recovery: 0, lastInstance: false },
    controlPlane,
  });
}

/** Calls `orders` as a client of the proxy, and says who answers. */
async function startCaller(xds: string) {
  const [host = '', port] = xds.split(':');
  const proxy = await startProxy({
    xds: { address: { host, port: Number(port) }, backoff: { base: 20, max: 50 } },
    node: { id: 'caller', cluster: 'caller' },
    listeners: { gateway: { host: '127.0.0.1', port: 0 } },
  });
  const at = proxy.listeners.get('gateway')?.port;
  return {
    async answer(): Promise<string> {
      const call = request({ host: '127.0.0.1', port: at, headers: { host: named('orders') } });
      call.end();
      const [response] = await once(call, 'response');
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return response.statusCode === 200 ? Buffer.concat(chunks).toString() : response.statusCode;
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

function routeTo(backend: string): PolicyObject['spec'] {
  return {
    parentRefs: [{ ...SERVICE, name: 'orders' }],
    rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
  };
}

/** Makes a route, or changes it. */
async function putRoute(name: string, spec: PolicyObject['spec']): Promise<void> {
  const object: PolicyObject = { metadata: { name, namespace }, spec };
  try {
    await client.create(HTTP_ROUTES, object);
  } catch (error) {
    if (!isRefused(error, 'AlreadyExists')) throw error;
    await client.patch(HTTP_ROUTES, name, { spec }, { namespace, type: 'merge' });
  }
}

interface Seen {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** What the route's status says, of the generation that is there. */
async function conditions(name: string): Promise<ReadonlyMap<string, Seen>> {
  const { status, metadata } = await client.get(HTTP_ROUTES, name, { namespace });
  const [ours] = status?.parents ?? [];
  const current = (ours?.conditions ?? []).filter(
    ({ observedGeneration }) => observedGeneration === metadata.generation,
  );
  return new Map(current.map((each) => [each.type, each]));
}

async function programmed(name: string): Promise<Seen | undefined> {
  return (await conditions(name)).get('Programmed');
}

interface PolicyView {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly status: {
    readonly source?: string;
    readonly version?: string;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

interface ListView {
  readonly policies: readonly PolicyView[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

describe('policies of Kubernetes', () => {
  test('change where requests go, and say so when every data plane has them', async () => {
    await using plane = await start();
    await using caller = await startCaller(plane.plane.xds);
    assert.equal(await caller.answer(), 'orders');
    await putRoute('r', routeTo('orders-v2'));
    await until(async () => (await caller.answer()) === 'orders-v2');
    await until(async () => (await programmed('r'))?.status === 'True');
    const said = await conditions('r');
    assert.equal(said.get('Accepted')?.status, 'True');
    assert.equal(said.get('ResolvedRefs')?.status, 'True');

    // It is seen with the others, and changed in the cluster alone.
    const { policies } = (await plane.get('/api/v1/policies')) as ListView;
    const at = `${namespace}@cluster`;
    assert.deepEqual(
      policies.map(({ kind, metadata: { name, namespace: of }, status }) => [
        ...[kind, of, name, status.source],
        status.conditions.map(({ type, status: is }) => `${type} ${is}`).join(),
      ]),
      [[...['HTTPRoute', at, 'r', 'cluster'], 'Accepted True,ResolvedRefs True,Programmed True']],
    );
    const path = `/api/v1/policies/HTTPRoute/r?namespace=${encodeURIComponent(at)}`;
    const one = (await plane.get(path)) as PolicyView;
    assert.equal(one.metadata.namespace, at);
    for (const init of [
      { method: 'DELETE' },
      {
        method: 'PUT',
        body: JSON.stringify({ ...one, status: undefined }),
        headers: { 'content-type': 'application/json' },
      },
    ]) {
      const answer = await fetch(`${plane.plane.api}${path}`, init);
      const problem = (await answer.json()) as { code: string; detail: string };
      assert.deepEqual([answer.status, problem.code], [409, 'kept-elsewhere'], init.method);
      assert.match(problem.detail, /kept by the source cluster: change it there/);
    }

    await putRoute('r', routeTo('nowhere'));
    await until(async () => (await caller.answer()) !== 'orders-v2');
    await until(async () => (await conditions('r')).get('ResolvedRefs')?.status === 'False');
    assert.equal((await conditions('r')).get('ResolvedRefs')?.reason, 'BackendNotFound');
    await client.delete(HTTP_ROUTES, 'r', { namespace });
    await until(async () => (await caller.answer()) === 'orders');
  });

  test('are not programmed before the last data plane has acknowledged, or where one rejects', async () => {
    await using plane = await start();
    await using judge = startJudgingProxy(plane.plane.xds, 'judge-1');
    await putRoute('held', routeTo('orders-v2'));
    await until(async () => (await programmed('held'))?.status === 'True');
    judge.hold();
    await putRoute('held', routeTo('orders'));
    await until(async () => (await programmed('held'))?.reason === 'Pending');
    assert.equal((await conditions('held')).get('Accepted')?.status, 'True');
    judge.reject('no such route for me');
    await until(async () => (await programmed('held'))?.reason === 'Rejected');
    const { status, message } = (await programmed('held'))!;
    assert.equal(status, 'False');
    assert.match(message, /^judge-1: .*no such route for me/);
    judge.hold();
    await putRoute('held', routeTo('orders-v2'));
    await until(async () => (await programmed('held'))?.status === 'False');
    judge.accept();
    await until(async () => (await programmed('held'))?.status === 'True');

    // One that comes later, and has nothing yet, takes nothing back.
    await using later = startJudgingProxy(plane.plane.xds, 'judge-2');
    later.hold();
    const seen = async () => {
      const { proxies } = (await plane.get('/api/v1/proxies')) as { proxies: { id: string }[] };
      return proxies.some(({ id }) => id === 'judge-2');
    };
    await until(seen);
    await putRoute('other', routeTo('orders'));
    await until(async () => (await programmed('other'))?.reason === 'Pending');
    assert.equal((await programmed('held'))?.status, 'True');
    await client.delete(HTTP_ROUTES, 'held', { namespace });
    await client.delete(HTTP_ROUTES, 'other', { namespace });
  });

  test('are programmed when the data planes of all replicas have them', async () => {
    await using one = await start();
    await using two = await start();
    await using _near = startJudgingProxy(one.plane.xds, 'near');
    await using far = startJudgingProxy(two.plane.xds, 'far');
    const connected = async (plane: typeof one) => {
      const { proxies } = (await plane.get('/api/v1/proxies')) as { proxies: unknown[] };
      return proxies.length;
    };
    await until(async () => (await connected(one)) === 1 && (await connected(two)) === 1);
    far.hold();
    await putRoute('r', routeTo('orders-v2'));
    await until(async () => (await programmed('r'))?.reason === 'Pending');
    await until(async () => /^1 data plane /.test((await programmed('r'))?.message ?? ''));
    far.accept();
    await until(async () => (await programmed('r'))?.status === 'True');
    far.reject('not here');
    await putRoute('r', routeTo('orders'));
    await until(async () => (await programmed('r'))?.reason === 'Rejected');
    assert.match((await programmed('r'))?.message ?? '', /^far: .*not here/);
    far.accept();
    await client.delete(HTTP_ROUTES, 'r', { namespace });
  });

  test('may be for what is registered elsewhere, by the Service that the mesh has written for it', async () => {
    await using plane = await start();
    await using caller = await startCaller(plane.plane.xds);
    await client.create(RESOURCES.services, {
      metadata: {
        ...{ name: 'written', namespace },
        labels: {
          [MARK_LABELS.mesh]: await meshId(zk, AbortSignal.timeout(10_000)),
          [MARK_LABELS.rule]: 'to-cluster',
        },
        annotations: { 'meshkeeper.io/service': named('orders') },
      },
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
    });
    await putRoute('r', {
      ...routeTo('orders-v2'),
      parentRefs: [{ group: '', kind: 'Service', name: 'written', port: 8080 }],
    });
    await until(async () => (await caller.answer()) === 'orders-v2');
    await client.delete(HTTP_ROUTES, 'r', { namespace });
    await until(async () => (await caller.answer()) === 'orders');
  });

  test('come after what an operator applies for the same', async () => {
    await using plane = await start();
    await using caller = await startCaller(plane.plane.xds);
    await putRoute('r', routeTo('orders-v2'));
    await until(async () => (await caller.answer()) === 'orders-v2');
    const own = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'zz' },
      spec: {
        parentRefs: [{ ...SERVICE, name: named('orders') }],
        rules: [{ backendRefs: [{ name: named('orders') }] }],
      },
    };
    const write = (method: string, body?: object) =>
      fetch(`${plane.plane.api}/api/v1/policies/HTTPRoute/zz`, {
        method,
        ...(body && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
    const applied = await write('PUT', own);
    assert.equal(applied.status, 200, await applied.clone().text());
    // What the cluster has is known to who applies something.
    const { findings } = (await applied.json()) as { findings: { code: string; policy: string }[] };
    assert.deepEqual(
      findings.map(({ code, policy }) => `${code} ${policy}`),
      [`route-overlap HTTPRoute/${namespace}@cluster/r`],
    );
    await until(async () => (await caller.answer()) === 'orders');
    assert.equal((await write('DELETE')).status, 200);
    await until(async () => (await caller.answer()) === 'orders-v2');
    await client.delete(HTTP_ROUTES, 'r', { namespace });
  });

  test(
    'stay while the cluster is away, also over a start of the control plane',
    STAND_IN,
    async () => {
      const dataDir = `${folder.path}/data`;
      const orders = async (plane: Awaited<ReturnType<typeof start>>) => {
        await using caller = await startCaller(plane.plane.xds);
        return await caller.answer();
      };
      await putRoute('r', routeTo('orders-v2'));
      {
        await using plane = await start({ dataDir });
        await until(async () => (await orders(plane)) === 'orders-v2');
        await standIn!.stop();
        const stale = async () => {
          const { problems } = (await plane.get('/api/v1/policies')) as ListView;
          return problems.some(({ path, message }) => path === 'cluster' && /away/.test(message));
        };
        await until(stale);
        assert.equal(await orders(plane), 'orders-v2');
      }
      {
        await using plane = await start({ dataDir });
        await plane.plane.ready;
        assert.equal(await orders(plane), 'orders-v2');
        await standIn!.start();
        await client.delete(HTTP_ROUTES, 'r', { namespace });
        await until(async () => (await orders(plane)) === 'orders');
        const { problems } = (await plane.get('/api/v1/policies')) as ListView;
        assert.deepEqual(problems, []);
      }
    },
  );

  test('of another shape than is known are left as they were, and it is said why', async () => {
    await using plane = await start();
    await using caller = await startCaller(plane.plane.xds);
    await putRoute('r', routeTo('orders-v2'));
    await until(async () => (await caller.answer()) === 'orders-v2');
    // Gateway API has it, and no data plane here does it.
    const filters = [
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'orders', port: 80 } } },
    ];
    const rules = [{ backendRefs: [{ name: 'orders', port: 80, filters }] }];
    await putRoute('r', { ...routeTo('orders'), rules });
    await until(async () => (await conditions('r')).get('Accepted')?.status === 'False');
    const { reason, message } = (await conditions('r')).get('Accepted')!;
    assert.equal(reason, 'UnsupportedValue', message);
    assert.equal((await programmed('r'))?.reason, 'Invalid');
    assert.equal(await caller.answer(), 'orders-v2');
    const { problems } = (await plane.get('/api/v1/policies')) as ListView;
    assert.match(problems[0]?.path ?? '', /^cluster HTTPRoute /);
    await client.delete(HTTP_ROUTES, 'r', { namespace });
    await until(async () => (await caller.answer()) === 'orders');
  });
});
