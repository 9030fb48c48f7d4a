import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Policy, printPolicies } from '@meshkeeper/policy';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { startDataPlane } from '../data-plane.ts';
import { instance } from '../instance.ts';
import { onServers, type StartServer } from '../servers.ts';
import { gateway, route, servicePolicy } from './samples.ts';

interface Answer {
  readonly status: number;
  // What the API answers is read by each test as its documentation says.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

onServers('the API of policies', (start) => {
  let server: Awaited<ReturnType<StartServer>>;
  let zk: ZooKeeper;
  let plane: ControlPlane;
  const logged: { readonly what: object; readonly message: string }[] = [];
  const logger = {
    debug() {},
    info() {},
    warn: (what: object, message: string) => void logged.push({ what, message }),
  };

  const startPlane = async () => {
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    });
    const started = await startControlPlane({ config, logger });
    await started.ready;
    return started;
  };
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Answer> => {
    const response = await fetch(`${plane.api}/api/v1/policies${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    return { status: response.status, body: await response.json() };
  };
  const apply = async (policies: readonly Policy[], query = '') => {
    const answer = await call('POST', `/apply${query}`, policies);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const outcomes = (body: Answer['body']) =>
    body.policies.map(({ outcome }: { outcome: string }) => outcome).join();
  const names = (body: Answer['body']) =>
    body.policies.map(({ kind, metadata }: Policy) => `${kind}/${metadata.name}`).join();
  const clear = async () => {
    const { body } = await call('GET', '');
    const refs = body.policies.map(({ kind, metadata: { namespace, name } }: Policy) => {
      return { kind, namespace, name };
    });
    await call('POST', '/apply', { delete: refs });
  };

  before(async () => {
    server = await start();
    zk = await connect({ connect: server.connect });
    await zk.create('/discovery/orders/one', instance('orders', 'one', 1), { parents: true });
    plane = await startPlane();
  });
  after(async () => {
    await plane?.close();
    await zk?.close();
    await server?.close();
  });

  test('apply, in JSON or YAML, and what became of each', async () => {
    const policies = [servicePolicy('orders', ['v1']), route('orders', ['orders/v1'])];
    const first = await apply(policies, '?label=alice&reason=first');
    assert.equal(outcomes(first), 'created,created');
    assert.deepEqual(first.findings, []);
    assert.equal(first.dryRun, false);
    // Whoever reads after that sees it.
    const { body: list } = await call('GET', '');
    assert.equal(list.revision, first.revision);
    assert.equal(names(list), 'HTTPRoute/orders,ServicePolicy/orders');
    const yaml = await call('POST', '/apply', printPolicies(policies), 'application/yaml');
    assert.equal(outcomes(yaml.body), 'unchanged,unchanged');
    assert.equal(yaml.body.revision, first.revision);
    const changed = await apply([route('orders', ['orders'])]);
    assert.equal(outcomes(changed), 'configured');
    assert.equal(changed.revision, first.revision + 1);
    assert.ok(changed.catalogRevision > first.catalogRevision);
    await clear();
  });

  test('one policy: put, shown with its status, deleted', async () => {
    const policy = route('orders', ['orders']);
    const path = '/httproutes/orders';
    assert.equal((await call('PUT', `${path}?label=alice`, policy)).status, 200);
    const { body } = await call('GET', path);
    const { status, ...rest } = body;
    assert.deepEqual(rest, policy);
    assert.deepEqual(
      status.conditions.map(({ type, status }: { type: string; status: string }) => [type, status]),
      [
        ['Accepted', 'True'],
        ['ResolvedRefs', 'True'],
        ['Programmed', 'Unknown'],
      ],
    );
    assert.equal(status.appliedBy, 'loopback');
    assert.match(status.appliedAt, /^20.*Z$/);
    // What is shown can be put back: the status is left out.
    assert.equal(outcomes((await call('PUT', path, body)).body), 'unchanged');
    assert.doesNotMatch(
      (await zk.get('/meshkeeper/policies/HTTPRoute/orders')).data.toString(),
      /status/,
    );
    assert.equal((await call('PUT', '/httproutes/other', policy)).body.code, 'invalid-request');
    assert.equal((await call('PUT', '/gateway/orders', policy)).body.code, 'invalid-request');
    assert.equal((await call('PUT', path, [policy, policy])).body.code, 'invalid-policy');
    const namespaced = route('orders', ['orders'], { namespace: 'team' });
    assert.equal((await call('PUT', path, namespaced)).status, 400);
    assert.equal((await call('PUT', `${path}?namespace=team`, namespaced)).status, 200);
    assert.equal((await call('GET', `${path}?namespace=other`)).status, 404);
    assert.equal(outcomes((await call('DELETE', path)).body), 'deleted');
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/orders');
    const again = await call('DELETE', path);
    assert.deepEqual([again.status, again.body.code], [404, 'unknown-policy']);
    assert.equal((await call('DELETE', `${path}?namespace=team`)).status, 200);
  });

  test('the list is filtered by kind; a kind that there is not is told', async () => {
    await apply([route('orders', ['orders']), gateway('edge')]);
    assert.equal(names((await call('GET', '?kind=gateways')).body), 'Gateway/edge');
    assert.equal(names((await call('GET', '?kind=http')).body), 'HTTPRoute/orders');
    for (const { status, body } of [
      await call('GET', '?kind=htproute'),
      await call('GET', '/htproute/orders'),
    ]) {
      assert.deepEqual([status, body.code], [400, 'invalid-request']);
      assert.match(body.detail, /there is no kind "htproute": did you mean HTTPRoute\?/);
    }
    await clear();
  });

  test('what is wrong is told with all issues, and nothing is applied', async () => {
    const good = route('orders', ['orders']);
    const bad = { ...good, spec: { parentRef: [], rules: [{ timeouts: { request: 'soon' } }] } };
    const { status, body } = await call('POST', '/apply', [good, bad, { kind: 'htproute' }, 1]);
    assert.deepEqual([status, body.code], [400, 'invalid-policy']);
    assert.deepEqual(
      body.issues.map(({ index, path }: { index: number; path: string }) => [index, path]),
      [
        [1, 'spec.rules[0].timeouts.request'],
        [1, 'spec.parentRef'],
        [2, 'kind'],
        [3, 'kind'],
      ],
    );
    assert.match(body.issues[1].message, /did you mean "parentRefs"\?/);
    const yaml = await call('POST', '/apply', 'kind: HTTPRoute\nspec: {', 'application/yaml');
    assert.equal(yaml.body.code, 'invalid-policy');
    assert.equal(yaml.body.issues[0].line, 2);
    const twice = await call('POST', '/apply', [good, good]);
    assert.match(twice.body.detail, /^HTTPRoute\/orders: metadata\.name: is there twice/);
    for (const [what, type] of [
      ['{', 'application/json'],
      ['null', 'application/json'],
      ['"x"', 'application/json'],
      ['{"polices":[]}', 'application/json'],
      ['{"delete":[{"kind":"secret","name":"x"}]}', 'application/json'],
      [
        `[{"kind":"HTTPRoute","status":${'['.repeat(50_000)}${']'.repeat(50_000)}}]`,
        'application/json',
      ],
    ] as const) {
      const answer = await call('POST', '/apply', what, type);
      assert.equal(answer.status, 400, `${what.slice(0, 50)}: ${JSON.stringify(answer.body)}`);
    }
    // A page of another site can send text without asking first; it is no policy to us.
    assert.notEqual(
      (await call('POST', '/apply', printPolicies([good]), 'text/plain')).status,
      200,
    );
    for (const query of ['?wait=soon', '?wait=11m', '?dryRun=perhaps', '?dryrun', '?ifRevision=x'])
      assert.equal(
        (await call('POST', `/apply${query}`, [good])).body.code,
        'invalid-request',
        query,
      );
    assert.deepEqual((await call('GET', '')).body.policies, []);
  });

  test('a dry run shows what would be, with all checks, and changes nothing', async () => {
    const before = await apply([servicePolicy('orders', ['v1'])]);
    const body = await apply(
      [servicePolicy('orders', ['v2']), route('orders', ['orders/v1'])],
      '?dryRun',
    );
    assert.equal(outcomes(body), 'configured,created');
    assert.deepEqual(body.policies[0].before, servicePolicy('orders', ['v1']));
    assert.deepEqual(body.policies[0].after, servicePolicy('orders', ['v2']));
    assert.deepEqual(
      body.findings.map(({ code, pointer }: { code: string; pointer: string }) => [code, pointer]),
      [['subset-missing', '/spec/rules/0/backendRefs/0/name']],
    );
    const { body: list } = await call('GET', '');
    assert.equal(list.revision, before.revision);
    assert.equal(names(list), 'ServicePolicy/orders');
    await clear();
  });

  test('what breaks elsewhere is found, too; status says what is the case', async () => {
    const subsets = servicePolicy('orders', ['v1']);
    await apply([subsets, route('orders', ['orders/v1']), route('lost', ['nowhere'])]);
    const deleted = (await call('DELETE', '/servicepolicy/orders')).body;
    assert.deepEqual(
      deleted.findings.map(({ policy, code }: { policy: string; code: string }) => [policy, code]),
      [['HTTPRoute/orders', 'subset-missing']],
    );
    const condition = async (name: string, type: string) => {
      const { body } = await call('GET', `/httproute/${name}`);
      return body.status.conditions.find((each: { type: string }) => each.type === type);
    };
    const refs = await condition('orders', 'ResolvedRefs');
    assert.deepEqual([refs.status, refs.reason], ['False', 'BackendNotFound']);
    assert.match(
      refs.message,
      /^spec\.rules\[0\]\.backendRefs\[0\]\.name: there is no subset "v1"/,
    );
    assert.equal((await condition('orders', 'Accepted')).status, 'True');
    await apply([route('orders', ['orders'], { gateway: 'edge' })]);
    const accepted = await condition('orders', 'Accepted');
    assert.deepEqual([accepted.status, accepted.reason], ['False', 'NoMatchingParent']);
    // What was found is logged, and not again as long as it stays so.
    const told = (name: string) =>
      logged.filter(({ what }) => JSON.stringify(what).includes(`HTTPRoute/${name}`)).length;
    await until(() => told('lost') > 0);
    const before = told('lost');
    await apply([gateway('edge')]);
    assert.equal((await condition('orders', 'Accepted')).status, 'True');
    assert.equal(told('lost'), before);
    // Nor was it only logged for those who were there: a start tells it.
    await using other = await startPlane();
    await until(() => told('lost') > before);
    await other.close();
    await clear();
  });

  test('a znode that can not be used is a problem that is shown', async () => {
    await apply([route('orders', ['orders'])]);
    await zk.set('/meshkeeper/policies/HTTPRoute/orders', 'garbage');
    const body = await until(async () => {
      const { body } = await call('GET', '');
      return body.problems.length > 0 ? body : undefined;
    });
    assert.equal(body.problems[0].policy, 'HTTPRoute/orders');
    assert.equal(names(body), 'HTTPRoute/orders');
    const [{ status }] = body.policies;
    const [accepted] = status.conditions;
    assert.deepEqual([accepted.status, accepted.reason], ['False', 'Invalid']);
    await clear();
    await until(async () => (await call('GET', '')).body.problems.length === 0);
  });

  test('history, and back', async () => {
    const first = await apply([route('a', ['orders'])], '?label=alice&reason=because');
    await apply([route('a', ['elsewhere']), route('b', ['orders'])], '?label=bob');
    const { body } = await call('GET', '/history?limit=2');
    assert.deepEqual(
      body.records.map(({ by, label, reason, changes }: Answer['body']) => [
        ...[by, label],
        ...[reason, changes],
      ]),
      [
        [
          ...['loopback', 'bob'],
          undefined,
          [
            { kind: 'HTTPRoute', name: 'a', change: 'changed' },
            { kind: 'HTTPRoute', name: 'b', change: 'created' },
          ],
        ],
        ['loopback', 'alice', 'because', [{ kind: 'HTTPRoute', name: 'a', change: 'created' }]],
      ],
    );
    assert.equal(body.next, first.revision);
    const { body: one } = await call('GET', `/history/${first.revision}`);
    assert.deepEqual(one.changes[0].after, route('a', ['orders']));
    assert.equal((await call('GET', '/history/9999')).body.code, 'not-recorded');

    const back = (query: string, revision: unknown = first.revision) =>
      call('POST', `/rollback${query}`, { revision });
    const dry = (await back('?dryRun')).body;
    assert.equal(outcomes(dry), 'configured,deleted');
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/a,HTTPRoute/b');
    const done = (await back('?label=carol')).body;
    assert.equal(done.revision, first.revision + 2);
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/a');
    const { body: newest } = await call('GET', '/history?limit=1');
    assert.equal(newest.records[0].rollbackTo, first.revision);
    assert.equal((await back('', 9999)).body.code, 'not-recorded');
    assert.equal((await back('', 'first')).status, 400);
    // Pages of other sites may send that without asking first.
    assert.equal((await call('POST', '/rollback')).status, 400);
    await clear();
  });

  test('a conflict says who and when', async () => {
    const first = await apply([route('a', ['orders'])]);
    await apply([route('a', ['elsewhere'])], '?label=bob');
    const { status, body } = await call('POST', `/apply?ifRevision=${first.revision}`, [
      route('a', ['mine']),
    ]);
    assert.deepEqual([status, body.code], [409, 'conflict']);
    const [{ at, ...conflict }] = body.conflicts;
    assert.match(at, /^20.*Z$/);
    assert.deepEqual(conflict, {
      policy: 'HTTPRoute/a',
      change: 'changed',
      by: 'loopback',
      revision: first.revision + 1,
    });
    await clear();
  });

  test('names may be as long as they may be', async () => {
    const name = 'x'.repeat(253);
    const path = `/httproute/${name}?namespace=${'n'.repeat(63)}`;
    const policy = route(name, ['orders'], { namespace: 'n'.repeat(63) });
    assert.equal((await call('PUT', path, policy)).status, 200);
    assert.equal((await call('GET', path)).body.metadata.name, name);
    assert.equal((await call('DELETE', path)).status, 200);
  });

  test('names that are none of policies are not found', async () => {
    for (const name of ['..', '.', 'a/b', '%', 'A', '\u0000', '__proto__', 'x'.repeat(3_000)]) {
      const { status } = await call('GET', `/httproute/${encodeURIComponent(name)}`);
      assert.ok(status === 404 || status === 400, `${name}: ${status}`);
      const gone = await call('DELETE', `/httproute/${encodeURIComponent(name)}`);
      assert.ok(gone.status === 404 || gone.status === 400, `${name}: ${gone.status}`);
    }
    const odd = await call('PUT', '/httproute/A', {
      ...route('orders', ['orders']),
      metadata: { name: 'A' },
    });
    assert.equal(odd.body.code, 'invalid-policy');
    assert.equal((await call('GET', '')).status, 200);
  });

  test('wait: until the data planes have it, or with who has not', async () => {
    const alone = await apply([servicePolicy('orders')], '?wait=5s');
    assert.equal(alone.convergence.converged, true);
    await using _ = startDataPlane(plane.xds, 'good');
    const have = async () => (await call('GET', '/servicepolicy/orders')).body.status.conditions[2];
    await until(async () => (await have())?.status === 'True');
    const waited = await apply([servicePolicy('orders', ['v1'])], '?wait');
    assert.equal(waited.convergence.converged, true, JSON.stringify(waited.convergence));
    assert.equal(waited.convergence.revision, waited.catalogRevision);
    assert.equal((await have()).status, 'True');
    await clear();
  });

  test('what a data plane that is there does not do is said, in the status and at once', async () => {
    const accepted = async () =>
      (await call('GET', '/servicepolicy/orders')).body.status.conditions[0];
    assert.deepEqual((await apply([servicePolicy('orders')])).findings, []);
    assert.equal((await accepted()).status, 'True');
    const client = startDataPlane(plane.xds, 'caller', () => false, 'gRPC Node Pure JS');
    await until(async () => (await accepted()).status === 'False');
    const { reason, message } = await accepted();
    assert.equal(reason, 'UnsupportedValue');
    assert.match(message, /^spec\.panicThreshold: gRPC clients: /);
    const { findings } = await apply([servicePolicy('orders', ['v1'])]);
    assert.deepEqual(
      findings.map(({ code, severity, pointer }: Answer['body']) => [code, severity, pointer]),
      [['unsupported', 'warning', '/spec/panicThreshold']],
    );
    await client.close();
    await until(async () => (await accepted()).status === 'True');
    await clear();
  });

  test('policies of several megabytes are taken', async () => {
    const annotation = 'x'.repeat(100_000);
    const many = Array.from({ length: 30 }, (_, i) =>
      gateway(`g${i}`, { annotation, port: 1000 + i }),
    );
    const body = await apply(many);
    assert.equal(body.policies.length, 30);
    assert.equal((await call('GET', '?kind=gateway')).body.policies.length, 30);
    const big = await call('POST', '/apply', [
      gateway('big', { annotation: annotation.repeat(3) }),
    ]);
    assert.deepEqual([big.status, big.body.code], [413, 'too-large']);
    await clear();
    assert.deepEqual((await call('GET', '')).body.policies, []);
  });

  test('without ZooKeeper nothing is applied, and what was read is shown', async () => {
    await apply([route('orders', ['orders'])]);
    await server.close();
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/orders');
    const { status, body } = await call('POST', '/apply', [route('more', ['orders'])]);
    assert.deepEqual([status, body.code], [503, 'zookeeper-unavailable']);
  });
});
