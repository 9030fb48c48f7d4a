import {
  fit,
  type Policy,
  type PolicyKind,
  policyId,
  type ServicePolicy,
} from '@meshkeeper/policy';
import { components } from './components.ts';
import type { PolicyChange } from './policy-change.ts';
import { refId } from './policy-paths.ts';
import { hasPart, type Need, needKey, needsOf } from './references.ts';

/** What is mostly referred to goes first. */
const RANK: Readonly<Record<PolicyKind, number>> = {
  Gateway: 0,
  ServicePolicy: 1,
  HTTPRoute: 2,
  GRPCRoute: 2,
  TCPRoute: 2,
  FaultPolicy: 3,
  RateLimitPolicy: 3,
};

/**
 * Changes in an order in which nothing ever refers to something that is not there yet, or not any more:
 * what is referred to is there before what refers to it, and goes after it. Changes that are right only
 * together are a group. What dangles in the end dangles here, too. Pure.
 * @param before all policies that there are
 */
export function ordered(
  changes: readonly PolicyChange[],
  before: readonly Policy[],
): readonly (readonly PolicyChange[])[] {
  const sorted = changes.toSorted((a, b) => place(a) - place(b));
  const edges: Set<number>[] = sorted.map(() => new Set());
  const tie = (places: readonly number[]) =>
    places.forEach((from, i) => {
      const to = places[(i + 1) % places.length]!;
      if (from !== to) edges[from]!.add(to);
    });
  const byId = new Map(sorted.map(({ ref }, i) => [refId(ref), i]));
  const rules = new ServicePolicies([...before, ...sorted.flatMap(({ after }) => after ?? [])]);
  for (const { need, were, are } of needed(sorted, before)) {
    const providers = need.type === 'policy' ? [need.id] : rules.for(need.service);
    const changed = providers.flatMap((id) => byId.get(id) ?? []);
    if (providers.length > 1) {
      // Which of several policies counts is up to all of them.
      if (changed.length > 0) tie([...changed, ...were, ...are]);
      continue;
    }
    const [provider] = changed;
    if (provider === undefined) continue;
    const had = provides(sorted[provider]!.before, need);
    const has = provides(sorted[provider]!.after, need);
    if (has && !had) for (const user of are) if (user !== provider) edges[provider]!.add(user);
    if (had && !has)
      for (const user of were) if (user !== provider && !are.has(user)) edges[user]!.add(provider);
  }
  const groups = components(edges.map((targets) => [...targets]));
  return groups.map((places) => places.map((i) => sorted[i]!));
}

/** Everything that is needed by somebody, before or after, and by which of the changed ones. */
function needed(
  changes: readonly PolicyChange[],
  before: readonly Policy[],
): Iterable<{ readonly need: Need; readonly were: Set<number>; readonly are: Set<number> }> {
  const all = new Map<string, { need: Need; were: Set<number>; are: Set<number> }>();
  const entry = (need: Need) => {
    const key = needKey(need);
    const known = all.get(key) ?? { need, were: new Set(), are: new Set() };
    all.set(key, known);
    return known;
  };
  for (const policy of before) for (const need of needsOf(policy)) entry(need);
  changes.forEach((change, i) => {
    for (const need of change.before ? needsOf(change.before) : []) entry(need).were.add(i);
    for (const need of change.after ? needsOf(change.after) : []) entry(need).are.add(i);
  });
  return all.values();
}

function provides(policy: Policy | undefined, need: Need): boolean {
  if (policy === undefined) return false;
  if (need.type === 'policy') return policyId(policy) === need.id && hasPart(policy, need.part);
  if (policy.kind !== 'ServicePolicy' || !isFor(policy, need.service)) return false;
  return policy.spec.subsets?.some(({ name }) => name === need.subset) ?? false;
}

function isFor({ spec }: ServicePolicy, service: string): boolean {
  return spec.targetRefs.some(({ name }) => fit(name, service) !== undefined);
}

/** Finds the policies of a service: by its name, not one by one. */
class ServicePolicies {
  readonly #byName = new Map<string, Set<string>>();
  readonly #patterns: { readonly pattern: string; readonly id: string }[] = [];

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) {
      if (policy.kind !== 'ServicePolicy') continue;
      const id = policyId(policy);
      for (const { name } of policy.spec.targetRefs) {
        if (name.includes('*')) this.#patterns.push({ pattern: name, id });
        const known = this.#byName.get(name) ?? new Set();
        this.#byName.set(name, known.add(id));
      }
    }
  }

  /** The ids of those that are for a service, before or after. */
  for(service: string): string[] {
    const wild = this.#patterns.filter(({ pattern }) => fit(pattern, service) !== undefined);
    return [...new Set([...(this.#byName.get(service) ?? []), ...wild.map(({ id }) => id)])];
  }
}

/** What comes before what if nothing else says so. */
function place({ ref, after }: PolicyChange): number {
  return after === undefined ? 2 * Object.keys(RANK).length - RANK[ref.kind] : RANK[ref.kind];
}
