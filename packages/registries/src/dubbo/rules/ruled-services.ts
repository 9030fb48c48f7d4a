import { isDeepStrictEqual } from 'node:util';
import type { Service, TrafficPolicy } from '@meshkeeper/mesh';
import type { Offers } from '../offers.ts';
import { meshProtocol } from '../protocol.ts';
import { dubboKeyOf, keyOf, matches } from '../service-key.ts';
import { Callers } from './callers.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { isForService } from './override.ts';
import { RuleSet } from './rule-set.ts';
import type { DubboRules } from './rules.ts';

const NOBODY: ReadonlySet<string> = new Set();
const ANY = '*';

/** Services as they are offered, with what the rules make of them. */
export class RuledServices {
  readonly #offers: Offers;
  readonly #rules: DubboRules;
  readonly #callers = new Callers();
  /** By name without a protocol. */
  readonly #sets = new Map<string, RuleSet>();
  /** Of the services that no rule is about. */
  readonly #unruled = new RuleSet('', [], NOBODY, NOBODY);
  /** As they were told last: one that is made anew and says the same stays the same object. */
  readonly #policies = new Map<string, TrafficPolicy>();

  constructor(offers: Offers, rules: DubboRules) {
    this.#offers = offers;
    this.#rules = rules;
  }

  /** A service; undefined when nobody offers it. */
  service(name: string): Service | undefined {
    const offered = this.#offers.service(name);
    if (offered === undefined) {
      this.#policies.delete(name);
      this.#sets.delete(name);
      return undefined;
    }
    const set = this.#setOf(offered.base);
    const ruled = offered.offers.map((offer) => set.ruled(offer));
    const policy = this.#kept(name, set.policy(ruled));
    return {
      name,
      protocol: meshProtocol(offered.protocol),
      endpoints: ruled.map(({ endpoint }) => endpoint),
      ...(policy && { policy }),
    };
  }

  /** Takes that an application calls an interface; gives the names of the services that this changes. */
  putCaller(path: string, iface: string, application: string): ReadonlySet<string> {
    const isNew = this.#callers.put(path, iface, application);
    return isNew && this.#rules.knows(application) ? this.#offers.ofInterface(iface) : NOBODY;
  }

  /** Takes that a znode tells of no caller any more; gives the names of the services that this changes. */
  removeCaller(path: string): ReadonlySet<string> {
    const [iface, application] = this.#callers.remove(path) ?? [];
    if (iface === undefined || application === undefined) return NOBODY;
    return this.#rules.knows(application) ? this.#offers.ofInterface(iface) : NOBODY;
  }

  /** The names of the services that a rule does something to. */
  concerned(rule: CompiledRule | undefined): Set<string> {
    if (rule === undefined || rule.effect.type === 'nothing') return new Set();
    const { effect } = rule;
    const names = this.about(rule);
    if (effect.type !== 'overrides') return names;
    return new Set(
      [...names].filter((name) => {
        const key = dubboKeyOf(keyOf(this.#offers.base(name)));
        return effect.overrides.some((override) => isForService(override, key));
      }),
    );
  }

  /** The names of the services that a rule is about, also if it does nothing. */
  about({ rule: { target }, effect }: CompiledRule): Set<string> {
    if (target.type === 'service') {
      const { interface: iface } = target.service;
      const names = iface === ANY ? this.#offers.names : this.#offers.ofInterface(iface);
      return new Set(
        [...names].filter((name) => matches(keyOf(this.#offers.base(name)), target.service)),
      );
    }
    const { application } = target;
    const names = this.#offers.ofApplication(application);
    // A tag is the provider's application's.
    if (effect.type === 'tags') return names;
    for (const iface of this.#callers.called(application))
      for (const name of this.#offers.ofInterface(iface)) names.add(name);
    return names;
  }

  #setOf(base: string): RuleSet {
    const providers = this.#offers.applications(base);
    const callers = new Set(this.#callers.of(keyOf(base).interface));
    const rules = this.#rules
      .of(base, providers.union(callers))
      .filter(({ effect }) => effect.type !== 'nothing')
      .filter(
        ({ rule: { target }, effect }) =>
          effect.type !== 'tags' ||
          (target.type === 'application' && providers.has(target.application)),
      );
    if (rules.length === 0) {
      this.#sets.delete(base);
      return this.#unruled;
    }
    const known = this.#sets.get(base);
    if (known?.isMadeOf(rules, providers, callers)) return known;
    const set = new RuleSet(base, rules, providers, callers);
    this.#sets.set(base, set);
    return set;
  }

  #kept(name: string, policy: TrafficPolicy | undefined): TrafficPolicy | undefined {
    const before = this.#policies.get(name);
    if (before !== undefined && isDeepStrictEqual(before, policy)) return before;
    if (policy === undefined) this.#policies.delete(name);
    else this.#policies.set(name, policy);
    return policy;
  }
}
