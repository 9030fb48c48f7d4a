import type { FaultPolicy } from '../kinds/fault-policy.ts';
import { policyId, type Route } from '../kinds/kinds.ts';
import type { RateLimitPolicy } from '../kinds/rate-limit-policy.ts';
import type { Target } from './targeted.ts';

/**
 * What the policies of a kind say, by what they are for. Of several for one thing the most exact
 * counts (a rule by its name goes before its route, a name of a service before a pattern), of those the
 * first by its id.
 */
export class Attachments<P extends FaultPolicy | RateLimitPolicy, T> {
  readonly #named = new Map<string, T | undefined>();
  readonly #ofRoutes = new Map<string, T>();
  readonly #ofServices = new Map<string, Target<T>>();

  /**
   * @param policies in order of their ids
   * @param compile undefined of a policy that says nothing that is done
   */
  constructor(policies: readonly P[], compile: (policy: P) => T | undefined) {
    for (const policy of policies) {
      const { name: own, namespace } = policy.metadata;
      const value = compile(policy);
      this.#named.set(key(namespace, own), value);
      if (value === undefined) continue;
      const names: string[] = [];
      for (const { kind, name, sectionName } of policy.spec.targetRefs ?? []) {
        const of = key(kind, namespace, name, sectionName);
        if (kind === 'Service') names.push(name);
        else if (!this.#ofRoutes.has(of)) this.#ofRoutes.set(of, value);
      }
      if (names.length > 0) this.#ofServices.set(policyId(policy), { names, value });
    }
  }

  /** What is for services, by the id of the policy. */
  get ofServices(): ReadonlyMap<string, Target<T>> {
    return this.#ofServices;
  }

  /** True when there is a policy of this name in the namespace of a route. */
  has(route: Route, name: string): boolean {
    return this.#named.has(key(route.metadata.namespace, name));
  }

  /** What the policy of this name says. */
  named(route: Route, name: string): T | undefined {
    return this.#named.get(key(route.metadata.namespace, name));
  }

  /** What counts for a rule. */
  ofRule(route: Route, rule: string | undefined): T | undefined {
    const { name, namespace } = route.metadata;
    const byName =
      rule === undefined ? undefined : this.#ofRoutes.get(key(route.kind, namespace, name, rule));
    return byName ?? this.#ofRoutes.get(key(route.kind, namespace, name, undefined));
  }
}

function key(...parts: readonly (string | undefined)[]): string {
  return JSON.stringify(parts.map((part) => part ?? ''));
}
