import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, Outcome } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { grpcRoute, httpRoute } from './written.ts';

const REQUEST = `
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{ name: X-Set, value: "50 % of %REQ(x-secret)%" }, { name: x-new, value: new }]
            add: [{ name: x-add, value: more }, { name: x-first, value: "1 %% 2" }]
            remove: [x-remove, X-Other]`;
const RESPONSE = `
        - type: ResponseHeaderModifier
          responseHeaderModifier:
            set: [{ name: x-changed, value: "100%" }, { name: x-said, value: "%HOSTNAME%" }]
            add: [{ name: x-kept, value: too }]
            remove: [x-gone]`;
const SENT = {
  'x-set': 'old',
  'x-add': 'some',
  'x-remove': 'there',
  'x-other': 'there',
  'x-secret': 'secret',
};

/** What the endpoint got. */
function got({ asked }: Pick<Answer | Outcome, 'asked'>, ...more: string[]) {
  const names = ['x-set', 'x-new', 'x-add', 'x-first', 'x-remove', 'x-other', 'x-secret', ...more];
  return Object.fromEntries(names.map((name) => [name, asked?.headers[name]]));
}

/** What the client got. */
function given({ headers }: Pick<Answer | Outcome, 'headers'>) {
  const names = ['x-kept', 'x-changed', 'x-gone', 'x-said'];
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

/** As lists are joined, by whoever joins them. */
const CHANGED_REQUEST = {
  'x-set': '50 % of %REQ(x-secret)%',
  'x-new': 'new',
  'x-add': 'some, more',
  'x-first': '1 %% 2',
  'x-remove': undefined,
  'x-other': undefined,
  'x-secret': 'secret',
};
const CHANGED_RESPONSE = {
  'x-kept': 'kept, too',
  'x-changed': '100%',
  'x-gone': undefined,
  'x-said': '%HOSTNAME%',
};
const AS_SENT = { ...SENT, 'x-new': undefined, 'x-first': undefined };
const AS_GIVEN = {
  'x-kept': 'kept',
  'x-changed': 'as it was',
  'x-gone': 'there',
  'x-said': undefined,
};
const joined = (values: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value?.replace(/, ?/, ', ')]),
  );

describe('headers that policies change', () => {
  const stand = new Stand();

  test('of a rule: set, add and remove, of requests and responses; a value stands for itself', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /request } }]
      filters: ${REQUEST}
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /response } }]
      filters: ${RESPONSE}
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /both } }]
      filters: ${REQUEST}${RESPONSE}
      backendRefs: [{ name: v1, weight: 2 }, { name: v1, weight: 1 }]
    - backendRefs: [{ name: v1 }]
`,
      ),
    );
    for (const plane of stand.proxies) {
      const ask = (path: string) => plane.ask('web', { path, headers: SENT });
      const table = [
        ['/', AS_SENT, AS_GIVEN],
        ['/request', CHANGED_REQUEST, AS_GIVEN],
        ['/response', AS_SENT, CHANGED_RESPONSE],
        ['/both', CHANGED_REQUEST, CHANGED_RESPONSE],
      ] as const;
      for (const [path, request, response] of table) {
        const answer = await ask(path);
        assert.deepEqual(joined(got(answer)), request, `${plane.kind} ${path}`);
        assert.deepEqual(joined(given(answer)), response, `${plane.kind} ${path}`);
      }
    }
  });

  test('of a backend: only of the requests that go to it, after those of the rule', async () => {
    const filters = (name: string) => `
            - type: RequestHeaderModifier
              requestHeaderModifier:
                set: [{ name: x-share, value: ${name} 100% }]
                add: [{ name: x-rule, value: backend }]
            - type: ResponseHeaderModifier
              responseHeaderModifier: { set: [{ name: x-changed, value: ${name} }] }`;
    await stand.set(
      httpRoute(
        'web',
        `
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { add: [{ name: x-rule, value: rule }] }
      backendRefs:
        - name: v1
          filters: ${filters('one')}
        - name: v2
          filters: ${filters('two')}
        - name: web
    - matches: [{ path: { value: /only } }]
      backendRefs:
        - name: v2
          filters: ${filters('only')}
`,
      ),
    );
    for (const plane of stand.proxies) {
      const seen = new Map<string | undefined, unknown>();
      while (seen.size < 3) {
        const answer = await plane.ask('web');
        const { 'x-share': share, 'x-rule': rule } = answer.asked?.headers ?? {};
        const order = rule?.split(/, ?/).sort().join();
        seen.set(answer.asked?.at, [share, order, answer.headers['x-changed']]);
      }
      assert.deepEqual(
        Object.fromEntries(seen),
        {
          v1: ['one 100%', 'backend,rule', 'one'],
          v2: ['two 100%', 'backend,rule', 'two'],
          web: [undefined, 'rule', 'as it was'],
        },
        plane.kind,
      );
      const only = await plane.ask('web', { path: '/only' });
      assert.equal(only.asked?.headers['x-share'], 'only 100%', plane.kind);
      assert.equal(only.headers['x-changed'], 'only', plane.kind);
    }
  });

  test('of calls: data planes do it, gRPC says that it does not', async () => {
    const route = grpcRoute(
      'rpc',
      `
    - filters: ${REQUEST}${RESPONSE}
      backendRefs:
        - name: rpc1
          filters:
            - type: RequestHeaderModifier
              requestHeaderModifier: { set: [{ name: x-share, value: one }] }
`,
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      const outcome = await plane.call('rpc', { headers: SENT });
      const { kind } = plane;
      if (kind === 'grpc') {
        assert.deepEqual(notDone(route, kind), [
          'GRPCRoute/rpc: spec.rules.0.filters.0',
          'GRPCRoute/rpc: spec.rules.0.filters.1',
          'GRPCRoute/rpc: spec.rules.0.backendRefs.0.filters',
        ]);
        assert.deepEqual(got(outcome, 'x-share'), { ...AS_SENT, 'x-share': undefined });
        assert.deepEqual(given(outcome), AS_GIVEN);
      } else {
        assert.deepEqual(notDone(route, kind), []);
        const { 'x-share': share, ...others } = got(outcome, 'x-share');
        assert.equal(share, 'one', kind);
        assert.deepEqual(joined(others), CHANGED_REQUEST, kind);
        assert.deepEqual(joined(given(outcome)), CHANGED_RESPONSE, kind);
      }
    }
  });
});
