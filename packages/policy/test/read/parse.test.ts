import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatIssue, parsePolicies } from '@meshkeeper/policy';
import { issuesOf, policiesOf } from '../support.ts';

const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
spec:
  rules:
    - backendRefs:
        - name: shop
`;

describe('reading policies', () => {
  test('fills in the defaults of Gateway API', () => {
    assert.deepEqual(policiesOf(ROUTE), [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: 'shop' },
        spec: {
          rules: [
            {
              matches: [{ path: { type: 'PathPrefix', value: '/' } }],
              backendRefs: [{ group: '', kind: 'Service', name: 'shop', weight: 1 }],
            },
          ],
        },
      },
    ]);
  });

  test('every error is told, with file, line and what to write', () => {
    const text = `${ROUTE.replace('backendRefs', 'backendRef')}---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata:
  name: Edge
  lables: {}
spec:
  listeners:
    - name: http
      port: 80800
      protocol: Http
`;
    const { policies, issues } = parsePolicies([{ file: 'shop.yaml', text }]);
    assert.deepEqual(policies, []);
    assert.deepEqual(issues.map(formatIssue), [
      'shop.yaml:7: spec.rules[0].backendRef: there is no such field: did you mean "backendRefs"?',
      'shop.yaml:10: apiVersion: can not be "gateway.networking.k8s.io/v1beta1": write gateway.networking.k8s.io/v1',
      'shop.yaml:13: metadata.name: is no name: lower-case letters, digits, "-" and "."',
      'shop.yaml:14: metadata.lables: there is no such field: did you mean "labels"?',
      'shop.yaml:18: spec.listeners[0].port: has to be at most 65535',
      'shop.yaml:19: spec.listeners[0].protocol: can not be "Http": did you mean "HTTP"?',
    ]);
    assert.deepEqual(issues[0], {
      severity: 'error',
      code: 'unknown-field',
      policy: 'HTTPRoute/shop',
      path: 'spec.rules[0].backendRef',
      message: 'there is no such field: did you mean "backendRefs"?',
      file: 'shop.yaml',
      line: 7,
      column: 7,
    });
  });

  test('of several fields that are not known each has its line', () => {
    const text = ROUTE.replace('spec:', 'spec:\n  hostname: a\n  nonsense: b');
    assert.deepEqual(issuesOf(text), [
      'line 6: spec.hostname: there is no such field: did you mean "hostnames"?',
      'line 7: spec.nonsense: there is no such field',
    ]);
  });

  test('what is missing is told where it would be', () => {
    assert.deepEqual(issuesOf(ROUTE.replace('- name: shop', '- port: 80')), [
      'line 8: spec.rules[0].backendRefs[0].name: is missing: write text',
    ]);
    assert.deepEqual(issuesOf('kind: HTTPRoute\nmetadata:\n  name: a\nspec:\n'), [
      'line 1: apiVersion: is missing: write gateway.networking.k8s.io/v1',
      'line 4: spec: is empty: write fields, or leave it out',
    ]);
  });

  test('a field of another type says so', () => {
    const text = ROUTE.replace(
      'backendRefs',
      `filters:
        - type: RequestRedirect
          requestRedirect: {}
          requestMirror: {}
        - type: RequestRedirects
        - {}
      backendRefs`,
    );
    assert.deepEqual(issuesOf(text), [
      'line 10: spec.rules[0].filters[0].requestMirror: there is no such field with "type: RequestRedirect"',
      'line 11: spec.rules[0].filters[1].type: can not be "RequestRedirects": did you mean "RequestRedirect"?',
      'line 12: spec.rules[0].filters[2].type: is missing: write RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, RequestRedirect, URLRewrite, CORS, ExtensionRef or ExternalAuth',
    ]);
  });

  test('what is not supported is known, said, and left out', () => {
    const text = ROUTE.replace('spec:', 'spec:\n  useDefaultGateways: All').replace(
      '- backendRefs',
      '- sessionPersistence: { type: Cookie }\n      backendRefs',
    );
    const { policies, issues } = parsePolicies(text);
    assert.deepEqual(issues.map(formatIssue), [
      'line 6: warning: spec.useDefaultGateways: is not supported: name the gateway in parentRefs',
      'line 8: warning: spec.rules[0].sessionPersistence: is not supported: use a ServicePolicy that hashes on a cookie, with loadBalancing.type ring-hash or maglev',
    ]);
    assert.deepEqual(
      policies.map(({ policy }) => policy),
      policiesOf(ROUTE),
    );
  });

  test('what would let everybody through is an error', () => {
    const text = ROUTE.replace(
      'backendRefs',
      'filters: [{ type: ExternalAuth }]\n      backendRefs',
    );
    assert.deepEqual(issuesOf(text), [
      'line 7: spec.rules[0].filters[0]: is not supported: without it everybody would be let through; authenticate at the service, or at a gateway before this one',
    ]);
  });

  test('what Kubernetes writes is left out', () => {
    const text = `${ROUTE.replace('name: shop', 'name: shop\n  uid: 4711\n  managedFields: []')}status: { parents: [] }\n`;
    assert.deepEqual(policiesOf(text), policiesOf(ROUTE));
  });

  test('a kind that there is not', () => {
    assert.deepEqual(
      issuesOf('kind: HttpRout\n---\nkind: Pod\n---\n- a\n---\nname: b\n---\nkind: 1'),
      [
        'line 1: kind: there is no kind "HttpRout": did you mean "HTTPRoute"?',
        'line 3: kind: there is no kind "Pod" here: write HTTPRoute, GRPCRoute, TCPRoute, Gateway, ServicePolicy, FaultPolicy or RateLimitPolicy',
        'line 5: a policy is written as "name: value", and this holds none',
        'line 7: kind: is missing: write HTTPRoute, GRPCRoute, TCPRoute, Gateway, ServicePolicy, FaultPolicy or RateLimitPolicy',
        'line 9: kind: has to be text: write HTTPRoute, GRPCRoute, TCPRoute, Gateway, ServicePolicy, FaultPolicy or RateLimitPolicy',
      ],
    );
  });

  test('two of one kind and name are an error, in several files too', () => {
    const other = ROUTE.replace('name: shop', 'name: shop\n  namespace: team-a');
    const { policies, issues } = parsePolicies([
      { file: 'a.yaml', text: `# the shop\n${ROUTE}` },
      { file: 'b.yaml', text: `${other}---\n${ROUTE}` },
    ]);
    assert.equal(policies.length, 2);
    assert.deepEqual(issues.map(formatIssue), [
      'b.yaml:14: metadata.name: HTTPRoute/shop is in a.yaml:2 already: give it another name',
    ]);
  });

  test('of very many errors the first are told, and how many there are', () => {
    const fields = Array.from({ length: 300 }, (_, i) => `  x${i}: 1\n`).join('');
    const issues = issuesOf(ROUTE.replace('spec:', `spec:\n${fields}`));
    assert.equal(issues.length, 201);
    assert.match(issues[200]!, /^line 206: spec.x200: there is no such field \(and 99 more\)$/);
  });

  test('a policy knows where its fields are', () => {
    const [{ place }] = parsePolicies([{ file: 'a.yaml', text: ROUTE }]).policies as [
      ReturnType<typeof parsePolicies>['policies'][number],
    ];
    assert.deepEqual(place(['spec', 'rules', 0, 'backendRefs', 0, 'name']), {
      file: 'a.yaml',
      line: 8,
      column: 11,
    });
    assert.equal(place(['spec', 'rules', 0, 'timeouts']).line, 7);
    assert.equal(place([]).line, 1);
  });
});
