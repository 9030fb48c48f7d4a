import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ClusterBalancer,
  type Host,
  SubsetBalancer,
  type SubsetCriteria,
  type SubsetOptions,
} from '../../src/index.ts';
import { cluster, facts } from './hosts.ts';

const ALL = [
  facts('a', { metadata: { stage: 'prod', version: '1' } }),
  facts('b', { metadata: { stage: 'prod', version: '2' } }),
  facts('c', { metadata: { stage: 'canary', version: '2' } }),
  facts('d', { metadata: { version: '1' } }),
];

function subsets(options: Partial<SubsetOptions<string>> = {}) {
  const { hosts, options: own } = cluster();
  const balancer = new SubsetBalancer<string>({
    selectors: [{ keys: ['version', 'stage'] }, { keys: ['version'] }],
    create: () => new ClusterBalancer<string>(own),
    ...options,
  });
  balancer.update(hosts.update(ALL));
  const pick = (...subset: SubsetCriteria) => {
    const picks = Array.from({ length: 20 }, () => balancer.pick({ subset })?.key ?? '-');
    return [...new Set(picks)].sort().join('');
  };
  return { hosts, balancer, pick };
}

const V1 = ['version', '1'] as const;
const V2 = ['version', '2'] as const;
const PROD = ['stage', 'prod'] as const;

test('a request goes to the endpoints that have what it asks for', () => {
  const { balancer, pick } = subsets();
  assert.equal(pick(V2), 'bc');
  assert.equal(pick(V1), 'ad');
  assert.equal(pick(PROD, V1), 'a');
  assert.equal(pick(), '-', 'without a fallback who asks for nothing gets nothing');
  assert.equal(balancer.pick(), undefined);
});

test('keys that no selector has, or values that nobody has, fall back', () => {
  const unknown = [[PROD], [['version', '9']], [['other', '']]] as const;
  const defaultSubset = [['version', '1']] as const;
  for (const [options, expected] of [
    [{}, '-'],
    [{ fallback: 'any' }, 'abcd'],
    [{ fallback: 'default', defaultSubset }, 'ad'],
    [{ fallback: 'default', defaultSubset: [['version', '9']] }, '-'],
  ] as const) {
    const { pick } = subsets(options as Partial<SubsetOptions<string>>);
    for (const criteria of unknown) assert.equal(pick(...criteria), expected);
  }
});

test('a selector’s own fallback comes first', () => {
  const { pick } = subsets({
    fallback: 'any',
    selectors: [{ keys: ['version'], fallback: 'none' }, { keys: ['stage'] }],
  });
  assert.equal(pick(['version', '9']), '-');
  assert.equal(pick(['stage', 'none']), 'abcd');
});

test('nobody healthy in a subset is no reason to leave it', () => {
  const { hosts, balancer, pick } = subsets({ fallback: 'any' });
  balancer.update(hosts.update(ALL.map((each) => ({ ...each, health: 'unhealthy' }))));
  assert.equal(pick(V2), 'bc', 'its panic');
});

test('subsets come and go with their endpoints, and keep their turns', () => {
  const { hosts, balancer, pick } = subsets();
  const first = balancer.pick({ subset: [V2] })!;
  balancer.update(hosts.update(ALL));
  assert.notEqual(balancer.pick({ subset: [V2] }), first);
  balancer.update(hosts.update([facts('e', { metadata: { version: '3' } })]));
  assert.equal(pick(V2), '-');
  assert.equal(pick(['version', '3']), 'e');
});

test('what is accepted counts within the subset', () => {
  const { balancer } = subsets();
  const accept = ({ key }: Host<string>) => key !== 'b';
  for (let i = 0; i < 5; i++) assert.equal(balancer.pick({ subset: [V2], accept })?.key, 'c');
  const none = () => false;
  assert.equal(balancer.pick({ subset: [V2], accept: none }), undefined);
});
