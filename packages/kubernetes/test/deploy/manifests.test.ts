import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  ApiClient,
  type KubernetesObject,
  KubernetesPolicies,
  openKubernetesSource,
  RESOURCES,
  resource,
  startWebhook,
} from '@meshkeeper/kubernetes';
import type { PolicyCondition } from '@meshkeeper/mesh';
import { runHelm, runKubectl, skipWithout, startKubernetes, until } from '@meshkeeper/testbed';
import { kubernetesSourceSchema } from '../../src/source/settings.ts';
import { endpoint, endpoints, Published, rule, service } from '../sync/fixture.ts';

const DEPLOY = resolve(import.meta.dirname, '../../../../deploy/kubernetes');

// Whose requests are counted, and who calls a webhook here: this suite has its own.

const cluster = await startKubernetes();
const admin = await ApiClient.open({ kubeconfig: cluster.kubeconfig });
after(async () => {
  await admin.close();
  await cluster.close();
});

async function kubectl(...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runKubectl(args, { kubeconfig: cluster.kubeconfig });
  assert.equal(code, 0, stderr);
  return stdout.trim().split('\n');
}

type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
};
type Role = KubernetesObject & { readonly rules: readonly Rule[] };
const RBAC = ['rbac.authorization.k8s.io', 'v1'] as const;
const ROLES = resource<Role>(...RBAC, 'roles', 'Role');
const CLUSTER_ROLES = resource<Role>(...RBAC, 'clusterroles', 'ClusterRole', false);

/** What a role of ours grants: `verb resource`, each. */
async function granted(name: string): Promise<ReadonlySet<string>> {
  const { rules: everywhere } = await admin.get(CLUSTER_ROLES, name);
  const { rules: here } = await admin.get(ROLES, name, { namespace: 'meshkeeper' });
  return new Set(
    [...everywhere, ...here].flatMap(({ resources, verbs }) =>
      resources.flatMap((each) => verbs.map((verb) => `${verb} ${each}`)),
    ),
  );
}

/** What a service account has asked for, and what of that was refused it. */
function asked(account: string): { readonly all: ReadonlySet<string>; readonly refused: string[] } {
  const user = `system:serviceaccount:meshkeeper:${account}`;
  const made = cluster.requests.filter((each) => each.user === user && each.resource !== '');
  const text = ({ verb, resource: of, subresource }: (typeof made)[number]) =>
    `${verb} ${subresource === '' ? of : `${of}/${subresource}`}`;
  return {
    all: new Set(made.map(text)),
    refused: made.filter(({ status }) => status === 403).map(text),
  };
}

/** A namespace whose last Service went unseen: a source asks whether that is so. */
async function proveEmpty(kubeconfig: string, signal: AbortSignal): Promise<void> {
  const namespace = 'lonely';
  await admin.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  await admin.create(RESOURCES.services, {
    metadata: { name: 'last', namespace },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  });
  await using source = await openKubernetesSource(
    kubernetesSourceSchema.parse({ kubeconfig, namespaces: [namespace] }),
    { name: namespace, logger, now: Date.now, resolve: (path) => path },
    { backOff: { first: 20, longest: 100 } },
  );
  const reading = (async () => {
    for await (const _ of source.changes(signal));
  })();
  await until(() => source.state.type === 'live');
  using _fault = cluster.inject({ verb: 'watch', namespace }, { type: 'fail', code: 500 });
  cluster.cutWatches(namespace);
  await admin.delete(RESOURCES.services, 'last', { namespace });
  await until(() => cluster.count({ verb: 'get', resource: 'namespaces', name: namespace }) > 0);
  await source.close();
  await reading;
}

const logger = { info() {}, warn() {}, debug() {} };

describe('the manifests', { skip: skipWithout('kubernetes-tools') }, () => {
  it('are applied by kubectl, and the second time change nothing', async () => {
    const tried = await kubectl('apply', '--dry-run=server', '-f', resolve(DEPLOY, 'crds'));
    assert.equal(tried.length, 3);
    // A namespace has to be there before what is in it.
    await kubectl('apply', '-f', resolve(DEPLOY, 'namespace.yaml'));
    const first = await kubectl('apply', '-k', DEPLOY);
    assert.ok(
      first.length >= 20 && first.every((line) => / (created|unchanged|configured)$/.test(line)),
    );
    const second = await kubectl('apply', '-k', DEPLOY);
    assert.deepEqual(
      // Of budgets kubectl always says that it has configured them.
      second.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line)),
      [],
    );
  });

  it('are changed by the chart only where it has more', async () => {
    const args = ['template', 'meshkeeper', resolve(DEPLOY, '../helm/meshkeeper')];
    const chart = await runHelm([...args, '--namespace', 'meshkeeper', '--include-crds']);
    assert.equal(chart.code, 0, chart.stderr);
    const applied = await runKubectl(['apply', '-f', '-'], {
      ...{ kubeconfig: cluster.kubeconfig, input: chart.stdout },
    });
    assert.equal(applied.code, 0, applied.stderr);
    const lines = applied.stdout.trim().split('\n');
    assert.ok(lines.length >= 20);
    assert.deepEqual(
      lines.filter((line) => !/ unchanged$|^poddisruptionbudget/.test(line)),
      ['configmap/meshkeeper configured', 'deployment.apps/meshkeeper configured'],
    );
  });

  it('bring our kinds, which take what the mesh takes', async () => {
    const policy = {
      apiVersion: 'meshkeeper.io/v1',
      kind: 'ServicePolicy',
      metadata: { name: 'orders', namespace: 'default' },
      spec: {
        targetRefs: [{ name: 'orders' }],
        loadBalancing: { type: 'ring-hash', hash: [{ on: 'header', name: 'x-user' }] },
      },
    };
    const POLICIES = resource<KubernetesObject & { readonly spec: object }>(
      'meshkeeper.io',
      'v1',
      'servicepolicies',
      'ServicePolicy',
    );
    await until(() => admin.list(POLICIES));
    const made = await admin.create(POLICIES, policy);
    assert.deepEqual(made.spec, policy.spec, 'nothing is pruned, nothing filled in');
    const wrong = { ...policy, metadata: { name: 'wrong', namespace: 'default' } };
    await assert.rejects(
      admin.create(POLICIES, {
        ...wrong,
        spec: { ...policy.spec, loadBalancing: { type: 'Best' } },
      }),
      /spec\.loadBalancing/,
    );
    const listed = await kubectl('get', 'svcpol', '-n', 'default', '-o', 'name');
    assert.deepEqual(listed, ['servicepolicy.meshkeeper.io/orders']);
    await admin.delete(POLICIES, 'orders', { namespace: 'default' });
  });

  it('grant what the control plane asks for, and nothing else', async () => {
    const kubeconfig = await cluster.kubeconfigOf('meshkeeper', 'meshkeeper');
    await using client = await ApiClient.open({ kubeconfig });
    const backOff = { first: 20, longest: 100 };
    await using source = await openKubernetesSource(
      kubernetesSourceSchema.parse({ kubeconfig, nodePorts: 'internal' }),
      { name: 'cluster', logger, now: Date.now, resolve: (path) => path },
      { backOff },
    );
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of source.changes(stop.signal));
    })();
    await admin.create(RESOURCES.services, {
      metadata: { name: 'node', namespace: 'default' },
      spec: { type: 'NodePort', selector: { app: 'node' }, ports: [{ port: 80 }] },
    });
    {
      await using published = new Published({ client, rules: [rule('meshkeeper')] });
      published.hold(service('orders', ...endpoints(0, 101)), service('cart', endpoint(1)));
      await published.applied();
      published.hold(
        { ...service('orders', endpoint(200), ...endpoints(1, 100)), protocol: 'grpc' },
        service('meshkeeper', endpoint(1)),
      );
      // The Service of the control plane itself is none of ours.
      await until(() => published.plane.problems.has('meshkeeper/meshkeeper'));
      const slices = () => admin.list(RESOURCES.endpointSlices, { namespace: 'meshkeeper' });
      await until(async () => {
        const { items } = await slices();
        return items.every(({ ports }) => ports?.[0]?.name === 'grpc') && items.length === 2;
      });
      // What was written elsewhere meanwhile is read again.
      cluster.inject(
        { verb: 'update', resource: 'endpointslices' },
        { type: 'fail', code: 409, reason: 'Conflict' },
        { times: 1 },
      );
      published.hold({
        ...service('orders', endpoint(200, { weight: 3 }), ...endpoints(1, 100)),
        protocol: 'grpc',
      });
      await published.applied();
    }
    const kinds = ['httproutes HTTPRoute', 'grpcroutes GRPCRoute'].map((each) => {
      const [plural = '', kind = ''] = each.split(' ');
      return resource<KubernetesObject>('gateway.networking.k8s.io', 'v1', plural, kind);
    });
    const own = ['service', 'fault', 'ratelimit'].map((each) =>
      resource<KubernetesObject>('meshkeeper.io', 'v1', `${each}policies`, ''),
    );
    const parentRefs = [{ group: '', kind: 'Service', name: 'orders', port: 80 }];
    const specs = [
      { parentRefs, rules: [{}] },
      { parentRefs, rules: [{}] },
    ];
    const targetRefs = [{ name: 'orders' }];
    const ownSpecs = [
      { targetRefs },
      { targetRefs, abort: { percent: 1, httpStatus: 503 } },
      { targetRefs, limits: [] },
    ];
    const kindOf = ['ServicePolicy', 'FaultPolicy', 'RateLimitPolicy'];
    await using policies = new KubernetesPolicies({
      client,
      logger,
      backOff,
      naming: () => ({ portsOf: (_, name) => [{ name, port: 80 }], wouldBe: (_, name) => name }),
    });
    const judging = (async () => {
      for await (const list of policies.changes(stop.signal))
        policies.judged(
          new Map(
            list.map(({ id, version }) => {
              const fine = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };
              return [id, { version, conditions: [fine as PolicyCondition] }];
            }),
          ),
        );
    })();
    const metadata = { name: 'p', namespace: 'default' };
    for (const [i, kind] of kinds.entries())
      await admin.create(kind, { metadata, spec: specs[i] } as KubernetesObject);
    for (const [i, kind] of own.entries())
      await admin
        .create(kind, { metadata, kind: kindOf[i]!, spec: ownSpecs[i] } as KubernetesObject)
        .catch((error) => assert.fail(`${kind.plural}: ${error.message}`));
    await proveEmpty(kubeconfig, stop.signal);
    const needed = await granted('meshkeeper');
    await until(
      () => {
        assert.deepEqual(
          [...needed].filter((each) => !asked('meshkeeper').all.has(each)),
          [],
        );
        return true;
      },
      { timeout: 10_000 },
    );
    stop.abort();
    await Promise.all([reading, judging]);
    const { all, refused } = asked('meshkeeper');
    assert.deepEqual([...new Set(refused)], []);
    assert.deepEqual([...all].sort(), [...needed].sort());
  });

  it('grant what the webhook asks for, and nothing else', async () => {
    const kubeconfig = await cluster.kubeconfigOf('meshkeeper', 'meshkeeper-webhook');
    await using client = await ApiClient.open({ kubeconfig });
    const name = 'meshkeeper-webhook';
    await using webhook = await startWebhook({
      ...{ client, namespace: 'meshkeeper', name, identity: randomUUID(), logger, interval: 50 },
      listen: { host: '127.0.0.1', port: 0 },
      sidecar: { image: 'sidecar:1', server: 'http://mesh:7070', xds: 'mesh:7071' },
      // The certificate is due at once, so that it is renewed, too.
      lifetimes: { authority: 600_000, serving: 60_000, overlap: 0 },
    });
    cluster.serve(`meshkeeper/${name}`, webhook);
    await until(() => webhook.ready);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'orders',
        namespace: 'default',
        labels: { 'meshkeeper.io/inject': 'true', 'app.kubernetes.io/name': 'orders' },
      },
      spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 80 }] }] },
    };
    type Pod = typeof pod & { readonly spec: { readonly initContainers?: readonly object[] } };
    const PODS = resource<Pod>('', 'v1', 'pods', 'Pod');
    const made = await until(() => admin.create<Pod>(PODS, pod));
    assert.equal(made.spec.initContainers?.length, 1);
    const itself = { ...pod.metadata.labels, 'app.kubernetes.io/name': 'meshkeeper' };
    const own = await admin.create<Pod>(PODS, {
      ...pod,
      metadata: { ...pod.metadata, name: 'own', labels: itself },
    });
    assert.equal(own.spec.initContainers, undefined, 'its own pods are not its matter');
    const needed = await granted(name);
    await until(() => {
      assert.deepEqual([...asked(name).all].sort(), [...needed].sort());
      return true;
    });
    assert.deepEqual(asked(name).refused, []);
  });
});
