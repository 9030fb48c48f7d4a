import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printPolicies } from '@meshkeeper/policy';
import { gateway, route, servicePolicy } from '../samples.ts';
import { names, outcomes, type PolicyApi } from './stage.ts';

/** Applying policies over the API, what is wrong with them, and names. */
export function applying(api: PolicyApi): void {
  const { call, apply } = api;

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
    await api.clear();
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
      (await api.zk.get('/meshkeeper/policies/HTTPRoute/orders')).data.toString(),
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
    await api.clear();
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
    await api.clear();
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
    await api.clear();
    assert.deepEqual((await call('GET', '')).body.policies, []);
  });
}
