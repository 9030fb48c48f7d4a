import { stringify } from 'yaml';
import type { Policy } from './kinds/kinds.ts';

/**
 * A policy as YAML; reading it gives the same policy, also where `yes` is no text but true, as
 * Kubernetes reads it (YAML 1.1).
 */
export function printPolicy(policy: Policy): string {
  return stringify(policy, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

/** Policies as one text of several documents. */
export function printPolicies(policies: readonly Policy[]): string {
  return policies.map(printPolicy).join('---\n');
}
