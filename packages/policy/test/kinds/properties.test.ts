import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonSchemas, type PolicyKind, parsePolicies, printPolicy } from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from '../arbitrary.ts';
import { policiesOf } from '../support.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 10_000 : 200;

describe('any policy', () => {
  // The kinds are the schema's own keys.
  for (const kind of Object.keys(jsonSchemas()) as PolicyKind[])
    test(`${kind}: reading what was printed gives the same`, () => {
      let accepted = 0;
      fc.assert(
        fc.property(written(kind), (value) => {
          const { policies, issues } = parsePolicies(JSON.stringify(value));
          const [found] = policies;
          if (found === undefined) return assert.ok(issues.length > 0);
          accepted++;
          assert.deepEqual(policiesOf(printPolicy(found.policy)), [found.policy]);
        }),
        { numRuns: RUNS },
      );
      assert.ok(accepted > 0, 'none of them was a policy');
    });
});
