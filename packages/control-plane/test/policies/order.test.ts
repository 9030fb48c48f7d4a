import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkPolicies, type Policy, policyId } from '@meshkeeper/policy';
import fc from 'fast-check';
import { components } from '../../src/policies/components.ts';
import { ordered } from '../../src/policies/order.ts';
import { changesOf, type PolicyChange, writes } from '../../src/policies/policy-change.ts';
import { refId, refOf } from '../../src/policies/policy-paths.ts';
import { MAX_TRANSACTION, split } from '../../src/policies/transaction.ts';
import { gateway, policiesOf, route, servicePolicy } from './samples.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 20_000 : 400;

function changes(before: readonly Policy[], after: readonly Policy[]): PolicyChange[] {
  const stored = (policy: Policy) => ({ policy, revision: 1, at: 1 });
  const entries = new Map(
    before.map((policy) => [
      policyId(policy),
      { ref: refOf(policy), stored: stored(policy), version: 0 },
    ]),
  );
  const wanted = new Set(after.map(policyId));
  const deleted = before.filter((policy) => !wanted.has(policyId(policy))).map(refOf);
  return changesOf({ entries }, { policies: after, deleted }).filter(writes);
}

const names = (groups: readonly (readonly PolicyChange[])[]) =>
  groups.map((group) =>
    group.map(({ ref, after }) => `${after === undefined ? '-' : '+'}${refId(ref)}`).join(' '),
  );

/** References that lead nowhere. */
function dangling(policies: readonly Policy[]): Set<string> {
  const codes = ['gateway-missing', 'policy-missing', 'rule-missing', 'subset-missing'];
  const found = checkPolicies({ policies, services: [] });
  return new Set(
    found
      .filter(({ code }) => codes.includes(code))
      // What is missing, wherever in the policy it is named.
      .map(({ policy, message }) => `${policyId(policy)}: ${message.split(':')[0]}`),
  );
}

describe('the order of changes', () => {
  test('what is referred to comes first, and goes last', () => {
    const all = [route('r', ['orders/v1']), servicePolicy('orders', ['v1'])];
    assert.deepEqual(names(ordered(changes([], all), [])), [
      '+ServicePolicy/orders',
      '+HTTPRoute/r',
    ]);
    assert.deepEqual(names(ordered(changes(all, []), all)), [
      '-HTTPRoute/r',
      '-ServicePolicy/orders',
    ]);
  });

  test('one thing for another: what refers moves in between', () => {
    const old = gateway('old');
    const before = [old, route('r', ['x'], { gateway: 'old' })];
    const after = [gateway('new'), route('r', ['x'], { gateway: 'new' })];
    assert.deepEqual(names(ordered(changes(before, after), before)), [
      '+Gateway/new',
      '+HTTPRoute/r',
      '-Gateway/old',
    ]);
  });

  test('what is right only together stays together', () => {
    // The policy has the one subset or the other, the route needs the one or the other.
    const before = [servicePolicy('orders', ['v1']), route('r', ['orders/v1'])];
    const after = [servicePolicy('orders', ['v2']), route('r', ['orders/v2'])];
    assert.deepEqual(names(ordered(changes(before, after), before)), [
      '+ServicePolicy/orders +HTTPRoute/r',
    ]);
    // Which of two policies counts is up to both, also for a route that stays as it is.
    const stays = route('r', ['orders/v1']);
    const one = [servicePolicy('one', ['v1'], { target: 'orders' }), stays];
    const two = [servicePolicy('two', ['v1'], { target: 'orders' }), stays];
    assert.deepEqual(names(ordered(changes(one, two), one)), [
      '+ServicePolicy/two -ServicePolicy/one',
    ]);
  });

  test('a route and a policy that refer to each other', () => {
    const fault = policiesOf(`
apiVersion: meshkeeper.io/v1
kind: FaultPolicy
metadata: { name: slow }
spec: { targetRefs: [{ kind: HTTPRoute, name: r, sectionName: main }], delay: { duration: 1s, percent: 100 } }
`);
    const routes = policiesOf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r }
spec:
  parentRefs: [{ group: "", kind: Service, name: orders }]
  rules:
    - name: main
      filters:
        - type: ExtensionRef
          extensionRef: { group: meshkeeper.io, kind: FaultPolicy, name: slow }
      backendRefs: [{ name: orders }]
`);
    const both = [...fault, ...routes];
    assert.deepEqual(dangling(both), new Set());
    assert.deepEqual(names(ordered(changes([], both), [])), ['+HTTPRoute/r +FaultPolicy/slow']);
  });

  const subsets = fc.subarray(['v1', 'v2', 'v3']);
  const policy = fc.oneof(
    fc.record({ name: fc.constantFrom('a', 'b'), subsets }).map((it) => {
      return servicePolicy(it.name, it.subsets, { target: it.name === 'b' ? 'orders' : '*' });
    }),
    fc
      .record({
        name: fc.constantFrom('r', 's', 't'),
        backends: fc.subarray(['orders/v1', 'orders/v2', 'cart/v3', 'orders']),
        gateway: fc.constantFrom('', 'edge', 'inner'),
      })
      .map((it) => route(it.name, it.backends, { gateway: it.gateway })),
    fc.constantFrom('edge', 'inner').map((name) => gateway(name)),
  );
  const state = fc.uniqueArray(policy, { selector: policyId, maxLength: 8 });

  test('nothing dangles in between that does not dangle before or after', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const groups = ordered(changes(before, after), before);
        const now = new Map(before.map((each) => [policyId(each), each]));
        const allowed = new Set([...dangling(before), ...dangling(after)]);
        for (const group of groups) {
          for (const { ref, after: next } of group)
            if (next === undefined) now.delete(refId(ref));
            else now.set(refId(ref), next);
          // Of a route that has changed already, another place is the same reference.
          for (const reference of dangling([...now.values()]))
            if (!allowed.has(reference))
              assert.fail(`${reference} in ${names(groups).join(' | ')}`);
        }
        assert.deepEqual([...now.keys()].sort(), after.map(policyId).sort());
      }),
      { numRuns: RUNS },
    );
  });
});

describe('what fits into a transaction', () => {
  test('all of it, in the order in which it is wanted', () => {
    const all = changes([], [route('r', ['orders/v1']), servicePolicy('orders', ['v1'])]);
    const asked = split(() => assert.fail('there is no need for an order'), all);
    assert.deepEqual(asked.transactions, [all]);
  });

  test('else as much as there is room for, of groups that stay whole', () => {
    const annotation = 'x'.repeat(50_000);
    const before = [servicePolicy('orders', ['v1'])];
    const after = [
      servicePolicy('orders', ['v2'], { annotation }),
      ...Array.from({ length: 12 }, (_, i) => route(`r${i}`, ['orders/v2'], { annotation })),
    ];
    const all = changes(before, after);
    const { transactions } = split(() => ordered(all, before), all);
    assert.ok(transactions.length > 1);
    assert.deepEqual(transactions.flat().length, all.length);
    for (const each of transactions)
      assert.ok(JSON.stringify(each.map(({ after }) => after)).length * 2 < MAX_TRANSACTION);
    // Together with what they need both before and after they are too much.
    const olds = after
      .slice(1)
      .map((policy) => route(policy.metadata.name, ['orders/v1'], { annotation }));
    const tied = changes([...before, ...olds], after);
    const refused = split(() => ordered(tied, [...before, ...olds]), tied);
    assert.equal(refused.tooLarge?.policies.length, 13);
  });
});

describe('components of a graph', () => {
  test('come before those that their edges lead to, and hold what leads back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }).chain((size) =>
          fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), {
            minLength: size,
            maxLength: size,
          }),
        ),
        (edges) => {
          const found = components(edges);
          assert.deepEqual(
            found.flat().sort(),
            edges.map((_, i) => i),
          );
          const at = new Map(found.flatMap((places, i) => places.map((place) => [place, i])));
          edges.forEach((targets, from) => {
            for (const to of targets) assert.ok(at.get(from)! <= at.get(to)!, `${from} -> ${to}`);
          });
          const reach = (from: number, seen = new Set([from])): Set<number> => {
            for (const to of edges[from]!) if (!seen.has(to)) reach(to, seen.add(to));
            return seen;
          };
          for (const places of found)
            for (const place of places)
              assert.ok(
                places.every((other) => reach(place).has(other)),
                `${places}`,
              );
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('are found however deep it is', () => {
    const size = 50_000;
    const chain = Array.from({ length: size }, (_, i) => [(i + 1) % size]);
    assert.equal(components(chain).length, 1);
    assert.equal(components(chain.with(size - 1, [])).length, size);
  });
});
