import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { ApiClient, RESOURCES } from '@meshkeeper/kubernetes';
import { startKubernetes, until } from '@meshkeeper/testbed';
import { LeaseElection, type Reign } from '../../src/leader/lease-election.ts';
import { LeaseRecord } from '../../src/leader/lease-record.ts';
import { microTime } from '../../src/leader/micro-time.ts';
import { testCluster } from '../cluster.ts';

const cluster = await testCluster();
const namespace = await cluster.namespace();

/** One that stands, with short times. */
function stand(name: string, { client = cluster.client } = {}) {
  const identity = randomUUID();
  const stop = new AbortController();
  const seen: (Reign | undefined)[] = [];
  const election = new LeaseElection({
    ...{ client, namespace, name, identity },
    ...{ leaseDuration: 1_000, renewDeadline: 700, retryPeriod: 100 },
  });
  const running = (async () => {
    for await (const reign of election.changes(stop.signal)) seen.push(reign);
  })();
  return {
    identity,
    seen,
    get leads() {
      return seen.at(-1) !== undefined && seen.at(-1)?.signal.aborted === false;
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

const read = (name: string) => cluster.client.get(RESOURCES.leases, name, { namespace });

describe('a Lease', () => {
  it('has one leader, and another when that gives it back', async () => {
    const [a, b] = [stand('one'), stand('one')];
    await until(() => a.leads || b.leads);
    const [leader, other] = a.leads ? [a, b] : [b, a];
    assert.equal((await read('one')).spec?.holderIdentity, leader.identity);
    assert.equal(other.leads, false);
    await leader.close();
    assert.equal(leader.leads, false);
    await until(() => other.leads);
    const { spec } = await read('one');
    assert.equal(spec?.holderIdentity, other.identity);
    assert.equal(spec?.leaseTransitions, 1);
    assert.match(spec?.renewTime ?? '', /\.\d{6}Z$/);
    await other.close();
    assert.equal((await read('one')).spec?.holderIdentity, undefined);
  });

  it('of one that died is taken after its duration, and not before', async () => {
    const now = microTime(Date.now() - 3_600_000);
    await cluster.client.create(RESOURCES.leases, {
      metadata: { name: 'dead', namespace },
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
    });
    const begun = performance.now();
    await using heir = { ...stand('dead'), [Symbol.asyncDispose]: () => heir.close() };
    await until(() => heir.seen.length > 0);
    assert.ok(performance.now() - begun >= 1_000, 'its times are an hour old by its own clock');
  });

  it('that another has taken ends the reign', async () => {
    const a = stand('stolen');
    await until(() => a.leads);
    const lease = await read('stolen');
    await cluster.client
      .update(RESOURCES.leases, {
        ...lease,
        metadata: { name: 'stolen', namespace, resourceVersion: lease.metadata.resourceVersion! },
        spec: { ...lease.spec, holderIdentity: 'other' },
      })
      .catch(() => assert.fail('the reign wrote in between: try again'));
    await until(() => !a.leads);
    assert.equal((await read('stolen')).spec?.holderIdentity, 'other');
    await a.close();
    assert.equal((await read('stolen')).spec?.holderIdentity, 'other', 'what is not ours stays');
  });

  it('is judged by how long it was seen unchanged', () => {
    const record = new LeaseRecord({ identity: 'me', duration: 15_000 });
    const held = (resourceVersion: string) => ({
      metadata: { name: 'x', uid: 'u', resourceVersion },
      spec: { holderIdentity: 'other', leaseDurationSeconds: 4, renewTime: microTime(0) },
    });
    assert.deepEqual(record.claim(held('1'), 100, 0), { type: 'held', by: 'other', left: 4_000 });
    assert.deepEqual(record.claim(held('1'), 1_100, 0), { type: 'held', by: 'other', left: 3_000 });
    assert.deepEqual(record.claim(held('2'), 4_000, 0), { type: 'held', by: 'other', left: 4_000 });
    assert.equal(record.claim(held('2'), 8_000, 0).type, 'free');
  });

  it('wants times that fit together', () => {
    const make = (times: object) => () =>
      new LeaseElection({ client: cluster.client, namespace, name: 'x', identity: 'x', ...times });
    assert.throws(make({ leaseDuration: 1_500 }), RangeError);
    assert.throws(make({ leaseDuration: 10_000, renewDeadline: 10_000 }), RangeError);
  });
});

describe('without its server', () => {
  it('a reign ends at its deadline, also while a request hangs', async () => {
    // What only a stand-in can be made to do.
    await using silent = await startKubernetes({ namespaces: [namespace] });
    await using client = await ApiClient.open({ kubeconfig: silent.kubeconfig });
    const a = stand('cut', { client });
    await until(() => a.leads);
    silent.pause();
    try {
      await until(() => !a.leads);
    } finally {
      silent.resume();
    }
    await until(() => a.leads);
    await a.close();
  });
});
