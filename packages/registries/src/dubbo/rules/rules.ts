import type { ZNode } from '../../tree/tree-change.ts';
import { serviceOf } from '../decode-url.ts';
import { keyOf, matches } from '../service-key.ts';
import { parseUrl } from '../url.ts';
import { decode } from '../url-encoding.ts';
import { type RawRule, RULE_KINDS, type RuleKind, type RuleTarget } from './raw-rule.ts';

/** No rule comes near this. */
const MAX_RULE = 256 * 1024;

/**
 * The rules of a registry, as they were read: nothing is made of them here. Pure.
 */
export class DubboRules {
  readonly #rules = new Map<string, RawRule>();

  /** All rules, by path. */
  get all(): ReadonlyMap<string, RawRule> {
    return this.#rules;
  }

  /** Takes a URL of an interface's `configurators` or `routers`; gives why it can't, where it can't. */
  putUrl(
    iface: string,
    category: 'configurators' | 'routers',
    name: string,
    { path, stat }: ZNode,
  ): string | undefined {
    this.#rules.delete(path);
    const url = name.length > MAX_RULE ? undefined : decode(name);
    const parsed = url === undefined ? undefined : parseUrl(url);
    if (url === undefined || parsed === undefined) return 'its name is no URL';
    // It stands below the interface that it is of, which is where its readers look for it.
    const service = { ...serviceOf(parsed), interface: iface };
    const target: RuleTarget = { type: 'service', service };
    this.#rules.set(path, { type: 'url', path, target, mzxid: stat.mzxid, category, url });
    return undefined;
  }

  /** Takes a node of the configuration centre; what is no rule is left alone. */
  putConfiguration(key: string, { path, data, stat }: ZNode): void {
    this.#rules.delete(path);
    const dot = key.lastIndexOf('.');
    const kind = key.slice(dot + 1);
    const about = key.slice(0, dot);
    if (dot < 1 || !isRuleKind(kind) || data.length > MAX_RULE) return;
    // A service's key has its colons even where version and group are empty.
    const target: RuleTarget = about.includes(':')
      ? { type: 'service', service: keyOf(about) }
      : { type: 'application', application: about };
    const rule = { type: 'configuration', path, target, mzxid: stat.mzxid } as const;
    this.#rules.set(path, { ...rule, kind, text: data.toString() });
  }

  /** Takes the deletion of a rule; true when there was one. */
  remove(path: string): boolean {
    return this.#rules.delete(path);
  }

  /**
   * The rules that are about a service, by path: its own, and those of the applications.
   * @param name the service's name in the catalog, without a protocol
   */
  of(name: string, applications: ReadonlySet<string>): RawRule[] {
    const service = keyOf(name);
    return [...this.#rules.values()]
      .filter(({ target }) =>
        target.type === 'service'
          ? matches(service, target.service)
          : applications.has(target.application),
      )
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

function isRuleKind(kind: string): kind is RuleKind {
  return (RULE_KINDS as readonly string[]).includes(kind);
}
