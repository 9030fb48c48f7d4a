import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, test } from 'node:test';
import { jsonSchemas, parsePolicies, printPolicies } from '@meshkeeper/policy';
import { example, policiesOf } from '../support.ts';

describe('the examples', () => {
  const kinds = Object.keys(jsonSchemas());

  for (const kind of kinds)
    test(`${kind}: is accepted, and the same when it is printed and read again`, () => {
      const policies = policiesOf(example(kind));
      assert.ok(policies.length > 0);
      for (const policy of policies) assert.equal(policy.kind, kind);
      assert.deepEqual(policiesOf(printPolicies(policies)), policies);
    });

  test('there is one for each kind, and no other', () => {
    assert.equal(globSync('examples/policies/*.yaml').length, kinds.length);
  });

  test('as JSON they are the same', () => {
    for (const kind of kinds)
      for (const policy of policiesOf(example(kind)))
        assert.deepEqual(parsePolicies(JSON.stringify(policy)).policies[0]?.policy, policy);
  });
});
