import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient, KubernetesPolicies, type ServiceNaming } from '@meshkeeper/kubernetes';
import type { Leadership, PolicyStanding, SourcePolicy } from '@meshkeeper/mesh';
import { startKubernetes, until } from '@meshkeeper/testbed';
import { CONTROLLER } from '../../src/gateway-api/conditions.ts';
import { POLICY_RESOURCES } from '../../src/gateway-api/policy-kinds.ts';
import { REFERENCE_GRANTS } from '../../src/gateway-api/reference-grants.ts';
import { testCluster } from '../cluster.ts';

const [HTTP_ROUTES] = POLICY_RESOURCES as [(typeof POLICY_RESOURCES)[number]];
const SERVICE = { group: '', kind: 'Service', port: 80 };
const naming: ServiceNaming = {
  portsOf: (namespace, name) => [{ name: `${name}.${namespace}`, port: 80 }],
  wouldBe: (namespace, name) => `${name}.${namespace}`,
};
const cluster = await testCluster();

/** Follows policies, and judges all of them alike. */
function follow(
  namespace: string,
  options: Partial<ConstructorParameters<typeof KubernetesPolicies>[0]> = {},
  judge: (policy: SourcePolicy) => PolicyStanding['conditions'] = fine,
) {
  const stop = new AbortController();
  const policies = new KubernetesPolicies({
    ...{ client: cluster.client, namespaces: [namespace], naming: () => naming },
    logger: { info() {}, warn() {} },
    backOff: { first: 20, longest: 100 },
    ...options,
  });
  let newest: readonly SourcePolicy[] | undefined;
  const judgeAll = () =>
    policies.judged(
      new Map(
        newest?.map((each) => [
          each.id,
          { version: each.version, conditions: each.conditions ?? judge(each) },
        ]),
      ),
    );
  const following = (async () => {
    for await (const list of policies.changes(stop.signal)) {
      newest = list;
      judgeAll();
    }
  })();
  return {
    policies,
    judgeAll,
    get newest() {
      return newest;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
      await policies.close();
    },
  };
}

function fine(): PolicyStanding['conditions'] {
  return (['Accepted', 'ResolvedRefs', 'Programmed'] as const).map((type) => ({
    ...{ type, status: 'True', reason: type, message: '' },
  }));
}

async function makeRoute(
  namespace: string,
  name: string,
  backend: object = {},
  client = cluster.client,
) {
  return client.create(HTTP_ROUTES, {
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ ...SERVICE, name: 'orders' }],
      rules: [{ backendRefs: [{ name: 'orders', port: 80, ...backend }] }],
    } as never,
  });
}

describe('policies in a cluster', () => {
  const { client, standIn } = cluster;
  const read = (namespace: string, name: string) => client.get(HTTP_ROUTES, name, { namespace });
  const conditions = async (namespace: string, name: string) =>
    (await read(namespace, name)).status?.parents?.find(
      ({ controllerName }) => controllerName === CONTROLLER,
    )?.conditions ?? [];

  it('are followed, and what became of them is written back once', async () => {
    const namespace = await cluster.namespace();
    await using following = follow(namespace);
    // Our own kinds are not installed: there are none of them.
    await until(() => following.newest !== undefined);
    standIn?.clearRequests();
    const made = await makeRoute(namespace, 'r');
    await until(async () => (await conditions(namespace, 'r')).length === 3);
    const written = await read(namespace, 'r');
    assert.equal(following.newest?.[0]?.id, `HTTPRoute ${namespace}/r`);
    const [first] = following.newest ?? [];
    await client.update(HTTP_ROUTES, {
      ...written,
      spec: { ...made.spec, hostnames: ['orders.example'] },
    });
    await until(async () =>
      (await conditions(namespace, 'r')).every((each) => each.observedGeneration === 2),
    );
    assert.notEqual(following.newest?.[0], first);
    // What was judged before, and what is said already, is not written again.
    following.judgeAll();
    following.judgeAll();
    await client.delete(HTTP_ROUTES, 'r', { namespace });
    await until(() => following.newest?.length === 0);
    if (standIn !== undefined)
      assert.equal(standIn.count({ verb: 'update', resource: 'httproutes' }), 3);
  });

  it('leave what other controllers say, and take back what was said of a route that left', async () => {
    const namespace = await cluster.namespace();
    await using following = follow(namespace);
    await until(() => following.newest !== undefined);
    const made = await makeRoute(namespace, 'r');
    const theirs = {
      parentRef: { name: 'gateway' },
      controllerName: 'example.com/other',
      conditions: [
        {
          ...{ type: 'Accepted', status: 'True' as const, reason: 'Accepted', message: '' },
          ...{ lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 },
        },
      ],
    };
    await until(async () => (await conditions(namespace, 'r')).length === 3);
    await until(async () => {
      const now = await read(namespace, 'r');
      const parents = [...(now.status?.parents ?? []), theirs];
      return client
        .update(HTTP_ROUTES, { ...now, status: { parents } }, { subresource: 'status' })
        .then(
          () => true,
          () => false,
        );
    });
    const now = await read(namespace, 'r');
    await client.update(HTTP_ROUTES, {
      ...now,
      spec: { ...made.spec, parentRefs: [{ name: 'gateway' }] } as never,
    });
    await until(async () => (await conditions(namespace, 'r')).length === 0);
    const { status } = await read(namespace, 'r');
    assert.deepEqual(
      status?.parents?.map(({ controllerName }) => controllerName),
      ['example.com/other'],
    );
  });

  it('may send requests to another namespace as far as it grants that', async () => {
    const [namespace, other] = [await cluster.namespace(), await cluster.namespace()];
    await using following = follow(namespace, { namespaces: [namespace, other] });
    await makeRoute(namespace, 'r', { namespace: other });
    const refs = async () =>
      (await conditions(namespace, 'r')).find(({ type }) => type === 'ResolvedRefs');
    await until(async () => (await refs())?.reason === 'RefNotPermitted');
    const backend = () => {
      const { rules } = following.newest![0]!.document.spec as {
        rules: { backendRefs: { kind: string; name: string }[] }[];
      };
      return rules[0]?.backendRefs[0];
    };
    assert.equal(backend()?.kind, 'NotPermitted');
    await client.create(REFERENCE_GRANTS, {
      metadata: { name: 'g', namespace: other },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace }],
        to: [{ group: '', kind: 'Service', name: 'orders' }],
      },
    });
    await until(async () => (await refs())?.status === 'True');
    // Where Gateway API is installed, more is filled in.
    assert.deepEqual([backend()?.kind, backend()?.name], ['Service', `orders.${other}`]);
    await client.delete(REFERENCE_GRANTS, 'g', { namespace: other });
    await until(async () => (await refs())?.status === 'False');
  });

  it('are judged by the replica that leads, also of what nobody wrote before', async () => {
    const namespace = await cluster.namespace();
    const [one, two] = [new Term(), new Term()];
    await using first = follow(namespace, { leader: one });
    await using second = follow(namespace, { leader: two }, (policy) =>
      fine().map((each) => ({ ...each, message: `by another, of ${policy.id}` })),
    );
    await makeRoute(namespace, 'r');
    await until(() => first.newest?.length === 1 && second.newest?.length === 1);
    assert.deepEqual(await conditions(namespace, 'r'), []);
    one.begin();
    await until(async () => (await conditions(namespace, 'r'))[0]?.message === '');
    one.end();
    two.begin();
    await until(async () =>
      (await conditions(namespace, 'r'))[0]?.message?.startsWith('by another'),
    );
    first.judgeAll();
    second.judgeAll();
    assert.match((await conditions(namespace, 'r'))[0]?.message ?? '', /^by another/);
  });

  it('are written again after others were first, and after a pause that is asked for', async () => {
    const namespace = await cluster.namespace();
    // What only a stand-in can be made to do.
    await using faulty = await startKubernetes({ namespaces: [namespace] });
    await using other = await ApiClient.open({ kubeconfig: faulty.kubeconfig });
    await using following = follow(namespace, { client: other });
    await until(() => following.newest !== undefined);
    const match = { verb: 'update', resource: 'httproutes' } as const;
    faulty.inject(match, { type: 'fail', code: 409, reason: 'Conflict' }, { times: 1 });
    faulty.inject(match, { type: 'fail', code: 429, retryAfter: 0 }, { times: 1 });
    await makeRoute(namespace, 'r', {}, other);
    await until(async () => {
      const { status } = await other.get(HTTP_ROUTES, 'r', { namespace });
      return status?.parents?.[0]?.conditions?.length === 3;
    });
    assert.ok(faulty.count(match) >= 2);
  });
});

/** Leads when it is told to. */
class Term implements Leadership {
  #term: AbortController | undefined;
  #changed = Promise.withResolvers<void>();

  get term(): AbortSignal | undefined {
    return this.#term?.signal;
  }

  begin(): void {
    this.#term = new AbortController();
    this.#wake();
  }

  end(): void {
    this.#term?.abort();
    this.#term = undefined;
    this.#wake();
  }

  async *changes(signal: AbortSignal): AsyncGenerator<AbortSignal | undefined> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      const { promise } = this.#changed;
      yield this.term;
      await promise;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
