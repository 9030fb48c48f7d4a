import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKS, checkPolicies, type Finding, type Policy } from '@meshkeeper/policy';
import { conditionsOf, type Told } from '../../src/policies/policy-status.ts';
import { gateway, route, servicePolicy } from './samples.ts';

const services = [{ name: 'orders', protocol: 'http' as const }];

/** The conditions of the last of these policies, as `type=status reason`. */
function told(policies: readonly Policy[], more: Told = {}): string[] {
  const findings = checkPolicies({ policies, services });
  const own = findings.filter(({ policy }) => policy === policies.at(-1));
  return conditionsOf(own, more).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const RESOLVED = 'ResolvedRefs=True ResolvedRefs';
const ACCEPTED = 'Accepted=True Accepted';

test('what checks find is told as Gateway API tells it', () => {
  const subsets = servicePolicy('orders', ['v1']);
  assert.deepEqual(told([subsets, route('r', ['orders/v1'])]), [ACCEPTED, RESOLVED]);
  for (const [policies, accepted, refs] of [
    [[subsets, route('r', ['orders/v2'])], ACCEPTED, 'ResolvedRefs=False BackendNotFound'],
    [[route('r', ['nowhere'])], ACCEPTED, 'ResolvedRefs=False BackendNotFound'],
    [[route('r', ['orders'], { service: 'no' })], 'Accepted=False NoMatchingParent', RESOLVED],
    [[route('r', ['orders'], { gateway: 'no' })], 'Accepted=False NoMatchingParent', RESOLVED],
    [[servicePolicy('nowhere')], 'Accepted=False TargetNotFound', RESOLVED],
    [
      [servicePolicy('b', [], { target: 'orders' }), subsets],
      'Accepted=False Conflicted',
      RESOLVED,
    ],
    [[gateway('edge')], ACCEPTED, RESOLVED],
  ] as const)
    assert.deepEqual(told(policies), [accepted, refs], accepted);
});

test('what others tell is among the conditions', () => {
  const policies = [gateway('edge')];
  assert.deepEqual(told(policies, { problem: 'holds no JSON' }), [
    'Accepted=False Invalid',
    RESOLVED,
  ]);
  assert.deepEqual(told(policies, { unsupported: ['gRPC clients do not listen'] }), [
    'Accepted=False UnsupportedValue',
    RESOLVED,
  ]);
  const programmed = {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: '',
  } as const;
  assert.equal(told(policies, { programmed })[2], 'Programmed=True Programmed');
});

test('every error of the checks makes a condition false', () => {
  const [policy] = [route('r', ['orders'])];
  for (const { code, severity } of CHECKS) {
    const finding: Finding = { code, severity, policy, path: ['spec', 'rules'], message: 'so' };
    const wrong = conditionsOf([finding], {}).filter(({ status }) => status !== 'True');
    if (severity === 'error') assert.equal(wrong.length, 1, code);
    for (const { message } of wrong) assert.equal(message, 'spec.rules: so');
  }
});

test('of many messages a few are told', () => {
  const policy = route('r', ['a', 'b', 'c', 'd', 'e']);
  const findings = checkPolicies({ policies: [policy], services });
  const { message } = conditionsOf(findings, {})[1]!;
  assert.equal(message.split('; ').length, 4);
  assert.match(message, /; and 2 more$/);
});
