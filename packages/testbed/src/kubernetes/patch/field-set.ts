import { canonical, isObject, type Json, type JsonObject } from '../object.ts';
import type { RuleOf } from './strategic-merge.ts';

/**
 * Fields of an object that are owned one by one, as texts: a JSON array of the steps that lead to it.
 * A step is `f:name`, `k:{"key":…}` of an item of a list, or `v:value` of one of a set.
 */
export type FieldSet = ReadonlySet<string>;

/** Fields that nobody owns. */
const UNOWNED = new Set([
  ...['apiVersion', 'kind', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
  ...['metadata.resourceVersion', 'metadata.generation', 'metadata.creationTimestamp'],
  ...['metadata.deletionTimestamp', 'metadata.managedFields', 'metadata.generateName'],
]);

/** What is at each field of an object, down to the smallest that are owned. */
export function fieldsOf(object: JsonObject, ruleOf: RuleOf): Map<string, Json> {
  const fields = new Map<string, Json>();
  collect(object, [], [], ruleOf, fields);
  return fields;
}

function collect(
  value: Json,
  path: readonly string[],
  steps: readonly string[],
  ruleOf: RuleOf,
  fields: Map<string, Json>,
): void {
  const leaf = () => fields.set(JSON.stringify(steps), value);
  if (isObject(value)) {
    if (path.length > 0 && ruleOf(path)?.apply === 'atomic') return void leaf();
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    if (names.length === 0 && steps.length > 0) return void leaf();
    for (const name of names) {
      if (path.length < 2 && UNOWNED.has([...path, name].join('.'))) continue;
      collect(value[name]!, [...path, name], [...steps, `f:${name}`], ruleOf, fields);
    }
  } else if (Array.isArray(value)) {
    const rule = ruleOf(path)?.apply ?? 'atomic';
    if (rule === 'atomic' || value.length === 0) return void leaf();
    for (const item of value) {
      const step = rule === 'set' ? `v:${JSON.stringify(item)}` : keyStep(item, rule);
      if (rule === 'set') fields.set(JSON.stringify([...steps, step]), item);
      else collect(item, path, [...steps, step], ruleOf, fields);
    }
  } else leaf();
}

/** The step of an item of a list by its keys. */
export function keyStep(item: Json, keys: readonly string[]): string {
  const object = isObject(item) ? item : {};
  // The protocol of a port may be left out.
  const stated = keys.map((key) => [key, object[key] ?? (key === 'protocol' ? 'TCP' : null)]);
  return `k:${canonical(Object.fromEntries(stated))}`;
}

/** As `managedFields` have it. */
export function toFieldsV1(fields: Iterable<string>): JsonObject {
  const root: JsonObject = {};
  for (const field of fields) {
    let node = root;
    for (const step of JSON.parse(field) as string[]) {
      node[step] ??= step.startsWith('k:') ? { '.': {} } : {};
      node = node[step] as JsonObject;
    }
  }
  return root;
}

/** The set that `managedFields` tell of. */
export function fromFieldsV1(node: JsonObject, steps: readonly string[] = []): string[] {
  const names = Object.keys(node).filter((name) => name !== '.');
  if (names.length === 0) return steps.length === 0 ? [] : [JSON.stringify(steps)];
  return names.flatMap((name) => fromFieldsV1(node[name] as JsonObject, [...steps, name]));
}
