import { noBackend, weightZero } from './backends.ts';
import { type Check, type CheckInput, type Finding, sceneOf } from './finding.ts';
import { gatewayClass } from './gateway-class.ts';
import { gatewayMissing } from './gateway-missing.ts';
import { listenerConflict } from './listener-conflict.ts';
import { notEnforced } from './not-enforced.ts';
import { policyMissing } from './policy-missing.ts';
import { policyOverlap } from './policy-overlap.ts';
import { protocolMismatch } from './protocol-mismatch.ts';
import { routeKinds } from './route-kinds.ts';
import { routeNotAllowed } from './route-not-allowed.ts';
import { routeOverlap } from './route-overlap.ts';
import { ruleMissing } from './rule-missing.ts';
import { ruleUnreachable } from './rule-unreachable.ts';
import { serviceMissing } from './service-missing.ts';
import { subsetMissing } from './subset-missing.ts';
import { unattached } from './unattached.ts';
import { unknownKind } from './unknown-kind.ts';

/** All checks, as the reference lists them: errors first. */
export const CHECKS: readonly Check[] = [
  gatewayMissing,
  listenerConflict,
  policyMissing,
  policyOverlap,
  protocolMismatch,
  routeKinds,
  routeNotAllowed,
  ruleMissing,
  subsetMissing,
  unknownKind,
  gatewayClass,
  noBackend,
  notEnforced,
  routeOverlap,
  ruleUnreachable,
  serviceMissing,
  unattached,
  weightZero,
];

/**
 * What policies together, and the catalog, show that none of them shows alone. Pure: it takes all
 * policies that there will be, not only those that change.
 */
export function checkPolicies(input: CheckInput): readonly Finding[] {
  const scene = sceneOf(input);
  const order = new Map(input.policies.map((policy, i) => [policy, i]));
  return CHECKS.flatMap(({ code, severity, run }) =>
    [...run(scene)].map((found) => ({ ...found, code, severity })),
  ).sort((a, b) => order.get(a.policy)! - order.get(b.policy)!);
}
