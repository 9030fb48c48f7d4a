import type { Destination, PolicyOrigin, RoutingStage, TrafficRoute } from '@meshkeeper/mesh';
import { conditionRoute, endpointConditions, requestConditions } from './condition.ts';
import { flag, type Mapping, mappingOf, member, scalar, scalars } from './document.ts';
import { RuleError } from './rule-error.ts';

/** Of a subset that states none. */
const DEFAULT_WEIGHT = 100;

/**
 * The stages of a node `<key>.condition-router`, one a condition: each takes what the one before it
 * left. Up to version 3.0 conditions are texts, in 3.1 each has several destinations. Its key says
 * nothing: Dubbo doesn't look at it.
 * @throws RuleError
 */
export function conditionStages(content: unknown, origin: PolicyOrigin): readonly RoutingStage[] {
  const rule = mappingOf(content);
  if (rule === undefined) throw new RuleError('it is no mapping');
  if (!flag(member(rule, 'enabled'), true) || !flag(member(rule, 'valid'), true)) return [];
  const force = flag(member(rule, 'force'), false);
  const conditions = member(rule, 'conditions');
  if (!Array.isArray(conditions)) throw new RuleError('it has no conditions');
  const version = scalar(member(rule, 'configVersion'))?.toLowerCase() ?? '';
  if (version.startsWith('v3.1'))
    return conditions.map((each) => {
      const condition = mappingOf(each);
      if (condition === undefined) throw new RuleError('one of its conditions is no mapping');
      return multiple(condition, force, origin);
    });
  if (version > 'v3.1')
    throw new RuleError(`version ${version} is newer than what Dubbo 3.3 knows`);
  const texts = scalars(conditions) ?? [];
  if (texts.length < conditions.length)
    throw new RuleError('one of its conditions is no text, as it would be in version v3.1');
  return texts.map((text) => stage(shorten(text), [conditionRoute(text, force)], origin));
}

function multiple(condition: Mapping, force: boolean, origin: PolicyOrigin): RoutingStage {
  const match = (value: unknown) => {
    const mapping = mappingOf(value ?? {});
    if (mapping === undefined) throw new RuleError('from and to of a condition are mappings');
    return { text: (scalar(member(mapping, 'match')) ?? '').trim(), mapping };
  };
  const from = match(member(condition, 'from'));
  const list = member(condition, 'to') ?? [];
  if (!Array.isArray(list)) throw new RuleError('to of a condition is a list');
  const to = list.map((each): Destination => {
    const { text, mapping } = match(each);
    const weight = Number(scalar(member(mapping, 'weight')) ?? DEFAULT_WEIGHT);
    if (!Number.isInteger(weight) || weight < 0)
      throw new RuleError('a weight of a condition is no whole number');
    return { weight, selector: text === '' || text === 'false' ? [] : endpointConditions(text) };
  });
  const route: TrafficRoute = {
    match: requestConditions(from.text),
    to,
    otherwise: { type: force ? 'none' : 'all' },
  };
  return stage(shorten(from.text === '' ? 'true' : from.text), [route], origin);
}

function stage(text: string, value: readonly TrafficRoute[], origin: PolicyOrigin): RoutingStage {
  return { name: `condition ${text}`, value, origin };
}

/** For people. */
function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
