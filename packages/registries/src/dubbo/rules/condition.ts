import type {
  EndpointCondition,
  RequestCondition,
  TrafficRoute,
  ValueMatch,
} from '@meshkeeper/mesh';
import { glob } from './pattern.ts';
import { RuleError } from './rule-error.ts';

/** A key of an expression with what its value may be, and may not be. */
interface Pair {
  readonly key: string;
  readonly matches: Set<string>;
  readonly mismatches: Set<string>;
}

/** `ConditionStateRouter.ROUTE_PATTERN`. */
const PART = /([&!=,]*)\s*([^&!=,\s]+)/g;

/**
 * `method=sayHello & host=10.0.0.1 => region=hangzhou`: a route of Dubbo's `ConditionStateRouter`.
 * @param force whether requests fail that match and for which there is nobody
 * @throws RuleError when it is none, or asks for what can't be seen of a request
 */
export function conditionRoute(rule: string, force: boolean): TrafficRoute {
  const text = rule.replaceAll('consumer.', '').replaceAll('provider.', '');
  if (text.trim() === '') throw new RuleError('one of its conditions is empty');
  const arrow = text.indexOf('=>');
  const when = arrow === -1 ? '' : text.slice(0, arrow).trim();
  const then = (arrow === -1 ? text : text.slice(arrow + 2)).trim();
  return {
    match: requestConditions(when),
    to: then === '' || then === 'false' ? [] : [{ weight: 1, selector: endpointConditions(then) }],
    otherwise: { type: force ? 'none' : 'all' },
  };
}

/** What stands before the arrow: of the request and its consumer. `true` is any. */
export function requestConditions(text: string): readonly RequestCondition[] {
  if (text === '' || text === 'true') return [];
  return parsed(text).map(({ key, matches, mismatches }) => ({
    of: subjectOf(key),
    any: [...matches].map((pattern) => valueMatch(pattern, false)),
    none: [...mismatches].map((pattern) => valueMatch(pattern, false)),
  }));
}

/** What stands behind the arrow: of a provider. */
export function endpointConditions(text: string): readonly EndpointCondition[] {
  const pairs = parsed(text);
  if (pairs.length === 0) throw new RuleError(`${text} is no condition`);
  return pairs.map(({ key, matches, mismatches }) => ({
    of: placeOf(key),
    any: [...matches].map((pattern) => valueMatch(pattern, true)),
    none: [...mismatches].map((pattern) => valueMatch(pattern, true)),
  }));
}

function parsed(text: string): readonly Pair[] {
  const pairs = new Map<string, Pair>();
  let pair: Pair | undefined;
  let values: Set<string> | undefined;
  const start = (key: string) => {
    pair = { key, matches: new Set(), mismatches: new Set() };
    pairs.set(key, pair);
  };
  for (const [, separator = '', content = ''] of text.matchAll(PART)) {
    if (separator === '') start(content);
    else if (separator === '&') {
      const known = pairs.get(content);
      if (known === undefined) start(content);
      else pair = known;
    } else if (separator === ',' && values !== undefined && values.size > 0) values.add(content);
    else if ((separator === '=' || separator === '!=') && pair !== undefined) {
      values = separator === '=' ? pair.matches : pair.mismatches;
      values.add(content);
    } else throw new RuleError(`${separator} before ${content} makes no sense in "${text}"`);
  }
  const empty = [...pairs.values()].find(
    ({ matches, mismatches }) => matches.size === 0 && mismatches.size === 0,
  );
  // Dubbo lets such a condition match nothing.
  if (empty !== undefined)
    throw new RuleError(`${empty.key} is compared with nothing in "${text}"`);
  return [...pairs.values()];
}

function subjectOf(key: string): RequestCondition['of'] {
  if (key === 'method' || key === 'methods') return { type: 'method' };
  if (key.startsWith('arguments['))
    throw new RuleError(`${key}: the arguments of a call can't be seen from outside`);
  const [, attachment] = /^attachments\[(.+)\]/.exec(key) ?? [];
  return attachment === undefined
    ? { type: 'caller', label: key }
    : { type: 'header', name: attachment };
}

function placeOf(key: string): EndpointCondition['of'] {
  if (key === 'host') return { type: 'address' };
  if (key === 'port') return { type: 'port' };
  if (key === 'address') return { type: 'authority' };
  if (/^(?:arguments|attachments)\[/.test(key))
    throw new RuleError(`${key} is of a request, but stands behind the arrow`);
  return { type: 'metadata', key };
}

function valueMatch(pattern: string, ofProvider: boolean): ValueMatch {
  if (pattern.includes('~')) {
    const range = /^(-?\d{1,9})?~(-?\d{1,9})$/.exec(pattern);
    if (range === null)
      throw new RuleError(`${pattern} is no range: Dubbo knows 1~100 and ~100, and no open end`);
    const [, from, to] = range;
    return { type: 'range', ...(from !== undefined && { from: Number(from) }), to: Number(to) };
  }
  // What the consumer has: before the arrow a dollar is only a dollar.
  if (ofProvider && pattern.startsWith('$')) return { type: 'as-caller', label: pattern.slice(1) };
  return glob(pattern);
}
