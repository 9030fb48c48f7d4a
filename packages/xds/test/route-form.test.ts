import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Node, ON_DEMAND_AGENT, scopeOf } from '../src/index.ts';

function envoy(majorNumber: number, minorNumber: number, userAgentName = 'envoy'): Node {
  return { userAgentName, userAgentBuildVersion: { version: { majorNumber, minorNumber } } };
}

test('who gets virtual hosts apart: Envoys that take them, by one incremental stream', () => {
  assert.equal(scopeOf(envoy(1, 37), true).form, 'apart');
  assert.equal(scopeOf(envoy(2, 0), true).form, 'apart');
  assert.equal(scopeOf(envoy(1, 37), false).form, 'inside');
  assert.equal(scopeOf(envoy(1, 36), true).form, 'inside');
  assert.equal(scopeOf(envoy(1, 37, 'gRPC C++'), true).form, 'inside');
  assert.equal(scopeOf(envoy(1, 37, 'meshkeeper'), true).form, 'inside');
  assert.equal(scopeOf({ userAgentName: 'envoy' }, true).form, 'inside', 'it says no version');
  assert.equal(scopeOf({ userAgentName: ON_DEMAND_AGENT }, true).form, 'by-name');
  assert.equal(scopeOf({ userAgentName: ON_DEMAND_AGENT }, false).form, 'inside');
  assert.notEqual(scopeOf(envoy(1, 37), true).key, scopeOf(envoy(1, 36), true).key);
});
