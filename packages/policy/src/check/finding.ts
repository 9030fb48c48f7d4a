import type { Protocol } from '@meshkeeper/mesh';
import type { Policy } from '../kinds/kinds.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import { policiesByService } from './policy-for.ts';

/** What a check finds. */
export interface Finding {
  readonly code: CheckCode;
  readonly severity: 'error' | 'warning';
  /** The policy that it is found in. */
  readonly policy: Policy;
  /** The field. */
  readonly path: readonly PropertyKey[];
  /** What is so, in this case. */
  readonly message: string;
}

/** Which checks there are; what each is about is in `CHECKS`. */
export type CheckCode =
  | 'gateway-class'
  | 'gateway-missing'
  | 'listener-conflict'
  | 'no-backend'
  | 'not-enforced'
  | 'policy-missing'
  | 'policy-overlap'
  | 'protocol-mismatch'
  | 'route-kinds'
  | 'route-not-allowed'
  | 'route-overlap'
  | 'rule-missing'
  | 'rule-unreachable'
  | 'service-missing'
  | 'subset-missing'
  | 'unattached'
  | 'unknown-kind'
  | 'weight-zero';

/** What a check needs to know of a service of the catalog. */
export interface KnownService {
  readonly name: string;
  readonly protocol: Protocol;
}

/** What is checked: all policies that there will be, and the services that there are. */
export interface CheckInput {
  readonly policies: readonly Policy[];
  readonly services: readonly KnownService[];
}

/** A finding without what is the same for all of its check. */
export type Found = Pick<Finding, 'policy' | 'path' | 'message'>;

/** Something that one policy alone does not show. */
export interface Check {
  readonly code: CheckCode;
  readonly severity: Finding['severity'];
  /** What is found, in general. */
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;
  run(scene: Scene): Iterable<Found>;
}

/** What checks look at, in the ways in which they do. */
export interface Scene extends CheckInput {
  readonly service: ReadonlyMap<string, KnownService>;
  /** The ServicePolicy that counts for a service. */
  policyFor(service: string): ServicePolicy | undefined;
}

/** What checks look at. */
export function sceneOf({ policies, services }: CheckInput): Scene {
  return {
    policies,
    services,
    service: new Map(services.map((known) => [known.name, known])),
    policyFor: policiesByService(policies),
  };
}
