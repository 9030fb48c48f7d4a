import {
  type EffectivePolicy,
  effective,
  type PolicyOrigin,
  type Service,
  type Snapshot,
} from '@meshkeeper/mesh';
import { type Finding, type Policy, pathText, policyId } from '@meshkeeper/policy';

/** Something that an operator's policy does to the requests of a service. */
export interface AppliedPolicy {
  readonly origin: PolicyOrigin;
  /** For people: `settings`, `route for shop.example`, `fault`, `rate limit`. */
  readonly what: string;
}

/** What is stated of a service's traffic, and which of it counts. */
export interface StatedPolicies {
  /** The operators' policies that act on it. */
  readonly applied: readonly AppliedPolicy[];
  /** What holds, who says so, and who says otherwise in vain. */
  readonly effective: EffectivePolicy;
  /** What is wrong with policies that name the service. */
  readonly findings: readonly {
    readonly policy: string;
    readonly severity: Finding['severity'];
    readonly code: Finding['code'];
    readonly field: string;
    readonly message: string;
  }[];
  /** The one that sends requests to the leader alone; undefined: none does. */
  readonly leaderOnly?: PolicyOrigin;
}

/** What operators and registries state of a service, and which of it counts. */
export function statedPolicies(
  service: Service,
  { policies }: Snapshot,
  findings: readonly Finding[],
): StatedPolicies {
  const { name } = service;
  const settings = policies.settings(name);
  const fault = policies.fault(name);
  const own = policies.routes.get(name);
  const routes = [
    ...(own?.rules ?? []).map(({ origin }) => ({ origin, what: 'route' })),
    ...[...(own?.hosts ?? [])].flatMap(([host, rules]) =>
      rules.map(({ origin }) => ({ origin, what: `route for ${host}` })),
    ),
  ];
  const applied: AppliedPolicy[] = [
    ...(settings ? [{ origin: settings.origin, what: 'settings' }] : []),
    ...routes,
    ...(fault ? [{ origin: fault.origin, what: 'fault' }] : []),
    ...policies.rateLimits(name).map(({ origin }) => ({ origin, what: 'rate limit' })),
  ];
  return {
    applied: distinct(applied),
    effective: effective(service, policies),
    findings: findings
      .filter(({ policy }) => names(policy.spec, name))
      .map(({ policy, severity, code, path, message }) => ({
        ...{ policy: policyId(policy), severity, code, field: pathText(path), message },
      })),
    ...(settings?.role === 'leader' && { leaderOnly: settings.origin }),
  };
}

/** A route's rules are of one policy: it is told once. */
function distinct(policies: readonly AppliedPolicy[]): AppliedPolicy[] {
  const byKey = new Map(
    policies.map((policy) => [JSON.stringify([policy.origin, policy.what]), policy]),
  );
  return [...byKey.values()];
}

/** Whether a `name` somewhere in a policy's spec is that of the service: what it is for, or sends to. */
function names(spec: Policy['spec'] | unknown, service: string): boolean {
  if (typeof spec !== 'object' || spec === null) return false;
  return Object.entries(spec).some(
    ([key, value]) => (key === 'name' && value === service) || names(value, service),
  );
}
