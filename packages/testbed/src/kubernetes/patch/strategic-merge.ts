import { isObject, type Json, type JsonObject } from '../object.ts';
import type { ListRule } from './list-rules.ts';

/** The rule of the list that is at a field of an object of the resource. */
export type RuleOf = (path: readonly string[]) => ListRule | undefined;

/** A copy of `target`, merged with a strategic merge patch: lists are merged by their items' keys. */
export function strategicMerge(
  target: Json | undefined,
  patch: Json,
  ruleOf: RuleOf,
  path: readonly string[] = [],
): Json {
  if (!isObject(patch)) return structuredClone(patch);
  if (patch.$patch === 'replace') return without(patch, '$patch');
  const result: JsonObject = isObject(target) ? { ...target } : {};
  const retained = patch.$retainKeys;
  if (Array.isArray(retained))
    for (const name of Object.keys(result)) if (!retained.includes(name)) delete result[name];
  for (const [name, value] of Object.entries(patch)) {
    if (name === '$retainKeys' || name.startsWith('$setElementOrder/')) continue;
    if (name.startsWith('$deleteFromPrimitiveList/')) {
      const field = name.slice(name.indexOf('/') + 1);
      const gone = value as Json[];
      result[field] = ((result[field] ?? []) as Json[]).filter((item) => !gone.includes(item));
    } else if (value === null || value === undefined) delete result[name];
    else if (isObject(value) && value.$patch === 'delete') delete result[name];
    else if (Array.isArray(value)) {
      const rule = ruleOf([...path, name]);
      result[name] = mergeList(result[name], value, rule, (before, item) =>
        strategicMerge(before, item, ruleOf, [...path, name]),
      );
    } else result[name] = strategicMerge(result[name], value, ruleOf, [...path, name]);
  }
  return result;
}

function mergeList(
  target: Json | undefined,
  patch: Json[],
  rule: ListRule | undefined,
  merge: (before: Json | undefined, item: Json) => Json,
): Json[] {
  const items = patch.filter((item) => !(isObject(item) && item.$patch === 'replace'));
  if (rule?.merge === undefined || items.length < patch.length) return structuredClone(items);
  const result = Array.isArray(target) ? [...target] : [];
  const key = rule.merge;
  if (key === '') return [...new Set([...result, ...items])];
  for (const item of items) {
    if (!isObject(item)) continue;
    const at = result.findIndex((before) => isObject(before) && before[key] === item[key]);
    if (item.$patch === 'delete') {
      if (at !== -1) result.splice(at, 1);
    } else if (at === -1) result.push(merge(undefined, item));
    else result[at] = merge(result[at], item);
  }
  return result;
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = object;
  return structuredClone(rest);
}
