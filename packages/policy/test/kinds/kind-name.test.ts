import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindNamed, suggestKind } from '../../src/index.ts';

test('a kind is known in any case, as a plural, and by its short name', () => {
  const names = {
    HTTPRoute: ['HTTPRoute', 'httproute', 'httproutes', 'HTTPRoutes', 'http'],
    GRPCRoute: ['grpcroute', 'grpc'],
    TCPRoute: ['tcproutes', 'tcp'],
    Gateway: ['gateway', 'gateways', 'Gateways', 'gw', 'gtw'],
    ServicePolicy: ['servicepolicy', 'servicepolicies', 'service'],
    FaultPolicy: ['FaultPolicies', 'fault'],
    RateLimitPolicy: ['ratelimitpolicies', 'ratelimit'],
  };
  for (const [kind, texts] of Object.entries(names))
    for (const text of texts) assert.equal(kindNamed(text), kind, text);
  for (const text of ['', 's', 'route', 'policy', 'gatewaies', 'constructor', '__proto__'])
    assert.equal(kindNamed(text), undefined, text);
});

test('a kind that is misspelt is guessed', () => {
  assert.equal(suggestKind('htproute'), 'HTTPRoute');
  assert.equal(suggestKind('service-policy'), 'ServicePolicy');
  assert.equal(suggestKind('deployment'), undefined);
});
