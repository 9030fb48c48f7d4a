import type { PolicyOrigin, Problem, RoutingStage } from '@meshkeeper/mesh';
import { parseUrl } from '../url.ts';
import { conditionStages } from './condition-rule.ts';
import { configurators } from './configurators.ts';
import { readDocument } from './document.ts';
import { type Override, overridesOf } from './override.ts';
import type { RawRule, RuleKind } from './raw-rule.ts';
import { RuleError } from './rule-error.ts';
import { settingNames } from './settings.ts';
import { type TagRule, tagRule } from './tag-rule.ts';

/** What a rule does. */
export type RuleEffect =
  | { readonly type: 'overrides'; readonly overrides: readonly Override[] }
  | { readonly type: 'tags'; readonly tags: TagRule }
  | { readonly type: 'stages'; readonly stages: readonly RoutingStage[] }
  /** Switched off, or not applied: the problem says which. */
  | { readonly type: 'nothing' };

/** Why a rule is not applied, or not all of it. */
export type RuleProblem = Pick<Problem, 'code' | 'message'>;

/** A rule as it was read, with what it does. */
export interface CompiledRule {
  readonly rule: RawRule;
  readonly effect: RuleEffect;
  /** Why it is not applied, or what of it isn't. */
  readonly problem?: RuleProblem;
}

const NOTHING: RuleEffect = { type: 'nothing' };

/** Kinds of rules that are known and not applied, and why. */
const NOT_APPLIED: Partial<Readonly<Record<RuleKind, string>>> = {
  'script-router': 'a script would have to be run for each request',
  'affinity-router': 'Dubbo 3.3 itself does not apply it',
  MESHAPPRULE:
    'virtual services and destination rules of Dubbo are not read: say the same as routes of the mesh',
};

/** What a rule does. Never throws. */
export function compile(rule: RawRule, source: string): CompiledRule {
  try {
    const effect = effectOf(rule, { source, path: rule.path });
    const message = effect.type === 'overrides' ? unappliedOf(effect.overrides) : undefined;
    return message === undefined
      ? { rule, effect }
      : { rule, effect, problem: { code: 'not-applied', message } };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { rule, effect: NOTHING, problem: { code: error.code, message: error.message } };
  }
}

function effectOf(rule: RawRule, origin: PolicyOrigin): RuleEffect {
  if (rule.type === 'url') {
    if (rule.category === 'routers')
      throw new RuleError(
        'routers below an interface are of before Dubbo 3: 3.3 does not apply them; write a condition-router',
      );
    const url = parseUrl(rule.url);
    if (url === undefined) throw new RuleError('its name is no URL', 'malformed');
    return { type: 'overrides', overrides: overridesOf(url, 'url', origin) };
  }
  const why = NOT_APPLIED[rule.kind];
  if (why !== undefined) throw new RuleError(why);
  // An emptied rule is none.
  if (rule.text.trim() === '') return NOTHING;
  const document = readDocument(rule.text);
  if (document.type === 'unreadable') throw new RuleError(document.why, 'malformed');
  const { content } = document;
  if (rule.kind === 'configurators')
    return { type: 'overrides', overrides: configurators(content, rule.target, origin) };
  if (rule.kind === 'condition-router')
    return { type: 'stages', stages: conditionStages(content, origin) };
  const tags = tagRule(content, origin);
  return tags === undefined ? NOTHING : { type: 'tags', tags };
}

/** What of overrides for single consumers is not applied: endpoints are the same for all of them. */
function unappliedOf(overrides: readonly Override[]): string | undefined {
  const ofCallers = overrides.filter(({ callers }) => callers.length > 0);
  if (ofCallers.some(({ endpoints }) => endpoints.length > 0))
    return 'it is for some consumers and some providers at once: that is not applied';
  const others = new Set(ofCallers.flatMap(({ parameters }) => [...parameters.keys()]));
  for (const name of settingNames(others, undefined)) others.delete(name);
  for (const name of ['priority', 'anyhost', 'providerAddresses']) others.delete(name);
  if (others.size === 0) return undefined;
  const names = [...others].sort().join(', ');
  return `it is for some consumers only, of which timeouts, retries and load balancing are applied, not ${names}`;
}
