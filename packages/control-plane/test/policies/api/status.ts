import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { startDataPlane } from '../../data-plane.ts';
import { gateway, route, servicePolicy } from '../samples.ts';
import { type Answer, names, type PolicyApi } from './stage.ts';

/** What is the case with policies, as the API says it. */
export function status(api: PolicyApi): void {
  const { call, apply } = api;

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
    // What was found is api.logged, and not again as long as it stays so.
    const told = (name: string) =>
      api.logged.filter(({ what }) => JSON.stringify(what).includes(`HTTPRoute/${name}`)).length;
    await until(() => told('lost') > 0);
    const before = told('lost');
    await apply([gateway('edge')]);
    assert.equal((await condition('orders', 'Accepted')).status, 'True');
    assert.equal(told('lost'), before);
    // Nor was it only logged for those who were there: a start tells it.
    await using other = await api.startPlane();
    await until(() => told('lost') > before);
    await other.close();
    await api.clear();
  });

  test('a znode that can not be used is a problem that is shown', async () => {
    await apply([route('orders', ['orders'])]);
    await api.zk.set('/meshkeeper/policies/HTTPRoute/orders', 'garbage');
    const body = await until(async () => {
      const { body } = await call('GET', '');
      return body.problems.length > 0 ? body : undefined;
    });
    assert.equal(body.problems[0].policy, 'HTTPRoute/orders');
    assert.equal(names(body), 'HTTPRoute/orders');
    const [{ status }] = body.policies;
    const [accepted] = status.conditions;
    assert.deepEqual([accepted.status, accepted.reason], ['False', 'Invalid']);
    await api.clear();
    await until(async () => (await call('GET', '')).body.problems.length === 0);
  });

  test('wait: until the data planes have it, or with who has not', async () => {
    const alone = await apply([servicePolicy('orders')], '?wait=5s');
    assert.equal(alone.convergence.converged, true);
    await using _ = startDataPlane(api.plane.xds, 'good');
    const have = async () => (await call('GET', '/servicepolicy/orders')).body.status.conditions[2];
    await until(async () => (await have())?.status === 'True');
    const waited = await apply([servicePolicy('orders', ['v1'])], '?wait');
    assert.equal(waited.convergence.converged, true, JSON.stringify(waited.convergence));
    assert.equal(waited.convergence.revision, waited.catalogRevision);
    assert.equal((await have()).status, 'True');
    await api.clear();
  });

  test('what a data plane that is there does not do is said, in the status and at once', async () => {
    const accepted = async () =>
      (await call('GET', '/servicepolicy/orders')).body.status.conditions[0];
    assert.deepEqual((await apply([servicePolicy('orders')])).findings, []);
    assert.equal((await accepted()).status, 'True');
    const client = startDataPlane(api.plane.xds, 'caller', () => false, 'gRPC Node Pure JS');
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
    await api.clear();
  });
}
