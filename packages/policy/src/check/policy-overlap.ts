import type { FaultPolicy } from '../kinds/fault-policy.ts';
import { type Policy, policyId } from '../kinds/kinds.ts';
import { byId } from '../kinds/order.ts';
import type { RateLimitPolicy } from '../kinds/rate-limit-policy.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import { fit } from '../kinds/target-ref.ts';
import type { Check, Found, KnownService } from './finding.ts';
import { quoted } from './references.ts';

type Targeting = ServicePolicy | FaultPolicy | RateLimitPolicy;

/** Something that a policy is for. */
interface Claim {
  readonly policy: Targeting;
  /** Of a service, or a pattern of some; of a route whatever tells it from others. */
  readonly name: string;
  /** The name in words. */
  readonly text: string;
  readonly path: readonly PropertyKey[];
}

/** An error: which of them counts would be up to their names. */
export const policyOverlap: Check = {
  code: 'policy-overlap',
  severity: 'error',
  what: 'Two policies of one kind are for the same service or route equally exactly; the first by name counts.',
  fix: 'Make one policy of them, or give one of them the more exact name.',
  *run({ policies, services }) {
    const all = policies.filter(isTargeting).sort(byId);
    for (const kind of ['ServicePolicy', 'FaultPolicy', 'RateLimitPolicy']) {
      const own = all.filter((policy) => policy.kind === kind);
      const claims = own.flatMap(serviceClaims);
      // Pairs that were told of are not told of again for another service.
      const told = new Set<string>();
      yield* ofOneName(own.flatMap(routeClaims), told);
      yield* ofOneName(claims, told);
      yield* equallyExact(claims, services, told);
    }
  },
};

/** Limits that no data plane counts are in nobody's way. */
function isTargeting(policy: Policy): policy is Targeting {
  if (policy.kind === 'RateLimitPolicy') return policy.spec.local !== undefined;
  return policy.kind === 'ServicePolicy' || policy.kind === 'FaultPolicy';
}

function serviceClaims(policy: Targeting): Claim[] {
  return (policy.spec.targetRefs ?? []).flatMap(({ kind, name }, i) => {
    if (kind !== 'Service') return [];
    return [{ policy, name, text: quoted(name), path: pathOf(i) }];
  });
}

function routeClaims(policy: Targeting): Claim[] {
  if (policy.kind === 'ServicePolicy') return [];
  const { namespace = '' } = policy.metadata;
  return (policy.spec.targetRefs ?? []).flatMap(({ kind, name, sectionName }, i) => {
    if (kind === 'Service') return [];
    const rule = sectionName === undefined ? '' : `rule ${quoted(sectionName)} of `;
    const text = `${rule}${kind} ${quoted(name)}`;
    return [{ policy, name: `${namespace} ${text}`, text, path: pathOf(i) }];
  });
}

function pathOf(ref: number): readonly PropertyKey[] {
  return ['spec', 'targetRefs', ref, 'name'];
}

function* ofOneName(claims: readonly Claim[], told: Set<string>): Iterable<Found> {
  const seen = new Map<string, Policy>();
  for (const { policy, name, text, path } of claims) {
    const first = seen.get(name) ?? policy;
    seen.set(name, first);
    if (first === policy) continue;
    told.add(pair(first, policy));
    yield { policy, path, message: `${text} is what ${policyId(first)} is for, too` };
  }
}

/** Names that fit are compared by the services there are. */
function* equallyExact(
  claims: readonly Claim[],
  services: readonly KnownService[],
  told: Set<string>,
): Iterable<Found> {
  // Those of one name were told of already, and go before all patterns.
  const named = new Set(claims.map(({ name }) => name));
  const patterns = claims.filter(({ name }) => name.includes('*'));
  if (patterns.length < 2) return;
  for (const { name: service } of services) {
    if (named.has(service)) continue;
    const fits = patterns.flatMap((claim) => {
      const exactness = fit(claim.name, service);
      return exactness === undefined ? [] : [{ ...claim, exactness }];
    });
    const most = Math.max(...fits.map(({ exactness }) => exactness));
    const [first, ...others] = fits.filter(({ exactness }) => exactness === most);
    for (const { policy, text, path } of others) {
      if (policy === first!.policy || told.has(pair(first!.policy, policy))) continue;
      told.add(pair(first!.policy, policy));
      const message = `${text} fits ${quoted(service)} as exactly as ${first!.text} of ${policyId(first!.policy)}`;
      yield { policy, path, message };
    }
  }
}

function pair(a: Policy, b: Policy): string {
  return `${policyId(a)} ${policyId(b)}`;
}
