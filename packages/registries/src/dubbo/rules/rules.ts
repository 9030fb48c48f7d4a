import type { ZNode } from '../../tree/tree-change.ts';
import { serviceOf } from '../decode-url.ts';
import { keyOf, matches } from '../service-key.ts';
import { parseUrl } from '../url.ts';
import { decode } from '../url-encoding.ts';
import { type CompiledRule, compile, type RuleProblem } from './compiled-rule.ts';
import { type RawRule, RULE_KINDS, type RuleKind, type RuleTarget } from './raw-rule.ts';

/** No rule comes near this. */
const MAX_RULE = 256 * 1024;
const ANY = '*';
const NOBODY: ReadonlySet<string> = new Set();

/** The rules of a registry, by whom they are about, each with what it does. Pure. */
export class DubboRules {
  readonly #source: string;
  readonly #rules = new Map<string, CompiledRule>();
  /** Paths by interface, `*` among them. */
  readonly #byInterface = new Map<string, Set<string>>();
  readonly #byApplication = new Map<string, Set<string>>();

  /** `source`: the registry's name. */
  constructor(source: string) {
    this.#source = source;
  }

  /** All rules, by path. */
  get all(): ReadonlyMap<string, CompiledRule> {
    return this.#rules;
  }

  /**
   * Takes a URL of an interface's `configurators` or `routers`; gives why it is not applied, where it
   * isn't.
   */
  putUrl(
    iface: string,
    category: 'configurators' | 'routers',
    name: string,
    { path, stat }: ZNode,
  ): RuleProblem | undefined {
    this.remove(path);
    const url = name.length > MAX_RULE ? undefined : decode(name);
    const parsed = url === undefined ? undefined : parseUrl(url);
    if (url === undefined || parsed === undefined)
      return { code: 'malformed', message: 'its name is no URL' };
    // It stands below the interface that it is of, which is where its readers look for it.
    const service = { ...serviceOf(parsed), interface: iface };
    const target: RuleTarget = { type: 'service', service };
    return this.#put({ type: 'url', path, target, mzxid: stat.mzxid, category, url });
  }

  /**
   * Takes a node of the configuration centre; what is no rule is left alone. Gives why it is not
   * applied, where it isn't.
   */
  putConfiguration(key: string, { path, data, stat }: ZNode): RuleProblem | undefined {
    this.remove(path);
    const dot = key.lastIndexOf('.');
    const kind = key.slice(dot + 1);
    const about = key.slice(0, dot);
    if (dot < 1 || !isRuleKind(kind)) return undefined;
    if (data.length > MAX_RULE)
      return { code: 'too-large', message: `${data.length} bytes; a rule has at most ${MAX_RULE}` };
    // A service's key has its colons even where version and group are empty.
    const target: RuleTarget = about.includes(':')
      ? { type: 'service', service: keyOf(about) }
      : { type: 'application', application: about };
    const rule = { type: 'configuration', path, target, mzxid: stat.mzxid } as const;
    return this.#put({ ...rule, kind, text: data.toString() });
  }

  /** Takes the deletion of a rule; gives what it was. */
  remove(path: string): CompiledRule | undefined {
    const known = this.#rules.get(path);
    if (known === undefined) return undefined;
    this.#rules.delete(path);
    const [index, key] = this.#placeOf(known.rule);
    const paths = index.get(key);
    paths?.delete(path);
    if (paths?.size === 0) index.delete(key);
    return known;
  }

  /**
   * The rules that are about a service, by path: its own, and those of the applications.
   * @param name the service's name in the catalog, without a protocol
   */
  of(name: string, applications: Iterable<string>): CompiledRule[] {
    const service = keyOf(name);
    const paths = new Set<string>();
    for (const iface of [service.interface, ANY])
      for (const path of this.#byInterface.get(iface) ?? NOBODY) paths.add(path);
    for (const application of applications)
      for (const path of this.#byApplication.get(application) ?? NOBODY) paths.add(path);
    if (paths.size === 0) return [];
    return [...paths]
      .map((path) => this.#rules.get(path))
      .filter((rule) => rule !== undefined)
      .filter(
        ({ rule: { target } }) => target.type !== 'service' || matches(service, target.service),
      )
      .sort((a, b) => (a.rule.path < b.rule.path ? -1 : 1));
  }

  /** Whether there are rules about an application. */
  knows(application: string): boolean {
    return this.#byApplication.has(application);
  }

  #put(rule: RawRule): RuleProblem | undefined {
    const compiled = compile(rule, this.#source);
    this.#rules.set(rule.path, compiled);
    const [index, key] = this.#placeOf(rule);
    index.set(key, (index.get(key) ?? new Set()).add(rule.path));
    return compiled.problem;
  }

  #placeOf({ target }: RawRule): readonly [Map<string, Set<string>>, string] {
    return target.type === 'service'
      ? [this.#byInterface, target.service.interface]
      : [this.#byApplication, target.application];
  }
}

function isRuleKind(kind: string): kind is RuleKind {
  return (RULE_KINDS as readonly string[]).includes(kind);
}
