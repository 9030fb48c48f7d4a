import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  Gateway,
  GRPCRoute,
  HTTPRoute,
} from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { TCPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha2';
import { parsePolicies } from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from '../arbitrary.ts';
import { example, policiesOf } from '../support.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 10_000 : 200;

/** Gateway API's own definitions, as they are generated from its sources. */
const THEIRS: Readonly<Record<string, (value: never) => { validate(): void }>> = {
  HTTPRoute: (value) => new HTTPRoute(value),
  GRPCRoute: (value) => new GRPCRoute(value),
  // Of the same shape in v1, to which it came after these definitions were made.
  TCPRoute: (value: object) =>
    new TCPRoute({ ...value, apiVersion: 'gateway.networking.k8s.io/v1alpha2' } as never),
  Gateway: (value) => new Gateway(value),
};

function refusal(kind: string, value: unknown): string | undefined {
  try {
    THEIRS[kind]!(value as never).validate();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe("Gateway API's own definitions", () => {
  for (const kind of ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'Gateway'] as const) {
    test(`${kind}: accept our examples, with all defaults`, () => {
      for (const policy of policiesOf(example(kind)))
        assert.equal(refusal(kind, policy), undefined);
    });

    test(`${kind}: accept whatever we accept`, () => {
      let accepted = 0;
      fc.assert(
        fc.property(damaged(written(kind)), (value) => {
          const [found] = parsePolicies(JSON.stringify(value)).policies;
          if (found === undefined) return;
          accepted++;
          assert.equal(refusal(kind, found.policy), undefined);
        }),
        { numRuns: RUNS },
      );
      assert.ok(accepted > 0, 'none of them was a policy');
    });
  }

  test('refuse what we refuse, of what they check', () => {
    const route = (spec: object) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'x' },
      spec,
    });
    for (const spec of [
      { hostnames: ['Shop.example.com'] },
      { hostnames: Array(17).fill('a') },
      { parentRefs: [{ kind: 'Service' }] },
      { rules: [{ matches: [{ method: 'get' }] }] },
      { rules: [{ matches: [{ headers: [{ name: 'a b', value: 'c' }] }] }] },
      { rules: [{ matches: [{ path: { type: 'Prefix' } }] }] },
      { rules: [{ timeouts: { request: '1.5s' } }] },
      { rules: [{ backendRefs: [{ name: 'a', port: 70_000 }] }] },
      { rules: [{ backendRefs: [{ name: 'a', port: 80, weight: -1 }] }] },
      { rules: [{ filters: [{ type: 'Rewrite' }] }] },
    ]) {
      assert.notEqual(refusal('HTTPRoute', route(spec)), undefined, JSON.stringify(spec));
      const { policies } = parsePolicies(JSON.stringify(route(spec)));
      assert.deepEqual(policies, [], JSON.stringify(spec));
    }
  });
});

/** Some of the values with something in them that is not as it should be. */
function damaged(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(
    '',
    'A b',
    -1,
    0,
    1e9,
    true,
    null,
    [],
    {},
    '*',
    '/',
    '1s',
    'x.y',
  );
  return fc.oneof(
    values,
    fc.tuple(values, fc.nat(), odd).map(([value, at, other]) => {
      let left = at % 40;
      return JSON.parse(
        JSON.stringify(value, (key, inner: unknown) =>
          key !== '' && key !== 'apiVersion' && key !== 'kind' && left-- === 0 ? other : inner,
        ),
      ) as unknown;
    }),
  );
}
