import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicyCondition } from '@meshkeeper/mesh';
import { CONTROLLER, statusOf, type Verdict } from '../../src/gateway-api/conditions.ts';
import type { PolicyObject } from '../../src/gateway-api/policy-kinds.ts';

const ROUTE: PolicyObject = { metadata: { name: 'r', namespace: 'shop', generation: 1 } };
const parents = [
  { ref: { group: '', kind: 'Service', name: 'orders' }, type: 'producer' as const },
];
const now = '2026-01-01T00:00:00Z';
const later = '2026-01-02T00:00:00Z';

function verdict(...others: readonly PolicyCondition[]): Verdict {
  const all = (['Accepted', 'ResolvedRefs', 'Programmed'] as const).map((type) => {
    const fine = { type, status: 'True', reason: type, message: '' } as const;
    return others.find((each) => each.type === type) ?? fine;
  });
  return { generation: 1, conditions: all };
}

const pending: PolicyCondition = {
  ...{ type: 'Programmed', status: 'False', reason: 'Pending', message: '1 data plane' },
};

describe('what became of a policy', () => {
  it('stands beside what other controllers say', () => {
    const theirs = { parentRef: { name: 'gateway' }, controllerName: 'example.com/other' };
    const object = { ...ROUTE, status: { parents: [theirs] } };
    const status = statusOf(object, parents, true, verdict(), now);
    assert.equal(status?.parents?.[0], theirs);
    assert.equal(status?.parents?.[1]?.controllerName, CONTROLLER);
    assert.deepEqual(
      status?.parents?.[1]?.conditions?.map(({ type, status: of }) => [type, of]),
      [
        ['Accepted', 'True'],
        ['ResolvedRefs', 'True'],
        ['Programmed', 'True'],
      ],
    );
    assert.equal(statusOf({ ...object, status }, parents, true, verdict(), later), undefined);
    // It is not ours any more.
    assert.deepEqual(statusOf({ ...object, status }, [], true, verdict(), later)?.parents, [
      theirs,
    ]);
  });

  it('keeps the time of what has not changed', () => {
    const first = statusOf(ROUTE, parents, true, verdict(pending), now);
    const status = statusOf({ ...ROUTE, status: first }, parents, true, verdict(), later);
    assert.deepEqual(
      status?.parents?.[0]?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
      [now, now, later],
    );
  });

  it('says why not, and that nobody has what is not accepted', () => {
    const rejected = verdict({
      ...{ type: 'Accepted', status: 'False', reason: 'Invalid', message: 'no' },
    });
    const of = (type: 'producer' | 'missing', said: Verdict) =>
      statusOf(ROUTE, [{ ...parents[0]!, type }], true, said, now)?.parents?.[0]?.conditions?.map(
        ({ status, reason }) => `${status} ${reason}`,
      );
    const invalid = ['False Invalid', 'True ResolvedRefs', 'False Invalid'];
    assert.deepEqual(of('producer', rejected), invalid);
    const missing = ['False NoMatchingParent', 'True ResolvedRefs', 'False Invalid'];
    assert.deepEqual(of('missing', verdict()), missing);
  });

  it('that all data planes had is not taken back because another comes; a rejection takes it back', () => {
    const had = { ...ROUTE, status: statusOf(ROUTE, parents, true, verdict(), now) };
    assert.equal(statusOf(had, parents, true, verdict(pending), later), undefined);
    const nobody: PolicyCondition = { ...pending, status: 'Unknown', reason: 'NoDataPlane' };
    assert.equal(statusOf(had, parents, true, verdict(nobody), later), undefined);
    const rejects: PolicyCondition = { ...pending, reason: 'Rejected' };
    const after = statusOf(had, parents, true, verdict(rejects), later);
    assert.equal(after?.parents?.[0]?.conditions?.[2]?.reason, 'Rejected');
    // Of another generation it says nothing.
    const next = { ...verdict(pending), generation: 2 };
    const anew = statusOf(had, parents, true, next, later);
    assert.equal(anew?.parents?.[0]?.conditions?.[2]?.reason, 'Pending');
  });

  it('is, of our own kinds, in the conditions of the object', () => {
    const status = statusOf(ROUTE, [], false, verdict(), now);
    assert.equal(status?.observedGeneration, 1);
    assert.equal(status.conditions?.length, 3);
    assert.equal(statusOf({ ...ROUTE, status }, [], false, verdict(), later), undefined);
  });
});
