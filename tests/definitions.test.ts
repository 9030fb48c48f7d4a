import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type KubernetesObject, resource } from '@meshkeeper/kubernetes';
import { parsePolicies } from '@meshkeeper/policy';
import { runKubectl, skipWithout } from '@meshkeeper/testbed';
import fc from 'fast-check';
import { parse } from 'yaml';
import { type Definition, testCluster } from '../packages/kubernetes/test/cluster.ts';
import { written } from '../packages/policy/test/arbitrary.ts';
import { example, ofSpec, policiesOf } from '../packages/policy/test/support.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 2_000 : 40;
const KINDS = ['ServicePolicy', 'FaultPolicy', 'RateLimitPolicy'] as const;

const cluster = await testCluster();
const namespace = await cluster.namespace();
const definitions = globSync('deploy/kubernetes/crds/*.yaml');
await cluster.define(...definitions.map((file): Definition => parse(readFileSync(file, 'utf8'))));

type Written = KubernetesObject & { readonly spec: object };

function resourceOf(kind: string) {
  const plural = kind.replace(/y$/, 'ies').toLowerCase();
  return resource<Written>('meshkeeper.io', 'v1', plural, kind);
}

/** What the API server makes of a spec: the same, or it throws what is wrong. */
async function taken(kind: string, spec: object): Promise<object> {
  const object: Written = { metadata: { name: 'x', namespace }, spec };
  return (await cluster.client.create(resourceOf(kind), object, { dryRun: true })).spec;
}

describe("the definitions of our kinds, at a cluster's API server", () => {
  for (const kind of KINDS) {
    it(`${kind}: takes our examples, as kubectl reads them`, {
      skip: skipWithout('kubernetes-tools'),
    }, async () => {
      const text = example(kind);
      const args = ['apply', '--namespace', namespace, '--dry-run=server', '-f', '-'];
      const { code, stdout, stderr } = await runKubectl(args, {
        kubeconfig: cluster.kubeconfig,
        input: text,
      });
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trim().split('\n').length, policiesOf(text).length);
    });

    it(`${kind}: takes whatever we take, and changes nothing in it`, async () => {
      const accepted = new Set<string>();
      await fc.assert(
        fc.asyncProperty(written(kind), async (value) => {
          // Each part by itself: all of them are rarely right at once.
          const { spec } = JSON.parse(JSON.stringify(value)) as { spec: Record<string, unknown> };
          for (const [name, part] of Object.entries(spec)) {
            const one = { targetRefs: [{ name: 'orders' }], [name]: part };
            if (parsePolicies(ofSpec(kind, one)).policies.length === 0) continue;
            accepted.add(name);
            assert.deepEqual(await taken(kind, one), one);
          }
        }),
        { numRuns: RUNS },
      );
      assert.ok(accepted.size > 1, 'hardly any was a policy');
    });
  }

  it('refuses what is misspelt in its values', async () => {
    const targetRefs = [{ name: 'orders' }];
    for (const [kind, spec] of [
      ['ServicePolicy', { targetRefs, loadBalancing: { type: 'Best' } }],
      ['FaultPolicy', { targetRefs, abort: { percent: 101, httpStatus: 503 } }],
      ['RateLimitPolicy', { targetRefs, local: { limits: [{ requests: -1 }] } }],
    ] as const)
      await assert.rejects(taken(kind, spec), /is invalid/);
  });
});
