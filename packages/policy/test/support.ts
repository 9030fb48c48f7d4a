import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { formatIssue, type Policy, parsePolicies } from '@meshkeeper/policy';

/** What is wrong with a text, a line each. */
export function issuesOf(text: string): string[] {
  return parsePolicies(text).issues.map(formatIssue);
}

/** The policies of a text in which nothing is wrong. */
export function policiesOf(text: string): Policy[] {
  assert.deepEqual(issuesOf(text), []);
  return parsePolicies(text).policies.map(({ policy }) => policy);
}

/** The examples of the documentation, by kind. */
export function example(kind: string): string {
  const file = kind.replace(/^(HTTP|GRPC|TCP)/, '$1-').replace(/([a-z])([A-Z])/g, '$1-$2');
  return readFileSync(`examples/policies/${file.toLowerCase()}.yaml`, 'utf8');
}

/** A spec as a policy of its kind. */
export function ofSpec(kind: string, spec: unknown): string {
  const group = /Route$|^Gateway$/.test(kind) ? 'gateway.networking.k8s.io' : 'meshkeeper.io';
  return JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name: 'x' }, spec });
}

/** What is wrong with a spec, without where. */
export function faultsOf(kind: string, spec: unknown): string[] {
  return issuesOf(ofSpec(kind, spec)).map((text) => text.replace(/^line 1: /, ''));
}
