import { ApiError } from '../api-error.ts';
import {
  canonical,
  isObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
} from '../object.ts';
import { fieldsOf, keyStep } from './field-set.ts';
import { ManagedFields, type Manager } from './managed-fields.ts';
import type { RuleOf } from './strategic-merge.ts';

/** A server-side apply. */
export interface Apply {
  readonly manager: Manager;
  readonly force: boolean;
  readonly now: string;
}

/**
 * The object after a manager has applied what it wants of it.
 * @throws ApiError 409 when another manager has said something else, unless it is forced
 */
export function applyObject(
  live: KubernetesObject | undefined,
  wanted: KubernetesObject,
  ruleOf: RuleOf,
  { manager, force, now }: Apply,
): { object: KubernetesObject; managed: ManagedFields } {
  const managed = new ManagedFields(live);
  const owned = managed.of(manager);
  const before = live === undefined ? new Map<string, Json>() : fieldsOf(live, ruleOf);
  const fields = fieldsOf(wanted, ruleOf);
  const conflicts: { field: string; by: Manager }[] = [];
  for (const [field, value] of fields) {
    if (before.has(field) && canonical(before.get(field)) === canonical(value)) continue;
    for (const by of managed.others(manager, field)) conflicts.push({ field, by });
    if (force) managed.take(manager, field);
  }
  if (conflicts.length > 0 && !force) throw fieldManagerConflict(conflicts);
  const gone = [...owned].filter(
    (field) => !fields.has(field) && managed.others(manager, field).length === 0,
  );
  managed.set(manager, fields.keys(), now);
  const merged = overlay(live, wanted, ruleOf, []) as KubernetesObject;
  for (const field of gone) removeAt(merged, JSON.parse(field), ruleOf, []);
  return { object: merged, managed };
}

function fieldManagerConflict(conflicts: readonly { field: string; by: Manager }[]): ApiError {
  const plural = conflicts.length === 1 ? 'conflict' : 'conflicts';
  const names = [...new Set(conflicts.map(({ by }) => `"${by.name}"`))].join(', ');
  const told = conflicts.map(({ field }) => pathOf(field));
  return new ApiError(
    409,
    'Conflict',
    `Apply failed with ${conflicts.length} ${plural}: ${plural} with ${names}: ${told.join(', ')}`,
    {
      details: {
        causes: conflicts.map(({ field, by }) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with "${by.name}"`,
          field: pathOf(field),
        })),
      },
    },
  );
}

/** `.spec.ports[port=80].name`, as messages have it. */
function pathOf(field: string): string {
  return (JSON.parse(field) as string[])
    .map((step) => {
      if (step.startsWith('f:')) return `.${step.slice(2)}`;
      if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
      const keys = Object.entries(JSON.parse(step.slice(2)) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

function overlay(
  live: Json | undefined,
  wanted: Json,
  ruleOf: RuleOf,
  path: readonly string[],
): Json {
  const rule = path.length > 0 ? ruleOf(path)?.apply : undefined;
  if (isObject(wanted) && rule !== 'atomic') {
    const result: JsonObject = isObject(live) ? { ...live } : {};
    for (const [name, value] of Object.entries(wanted))
      if (value !== undefined) result[name] = overlay(result[name], value, ruleOf, [...path, name]);
    return result;
  }
  if (!Array.isArray(wanted) || rule === undefined || rule === 'atomic' || !Array.isArray(live))
    return structuredClone(wanted);
  if (rule === 'set') return [...new Set([...live, ...wanted])];
  const result = [...live];
  for (const item of wanted) {
    const step = keyStep(item, rule);
    const at = result.findIndex((one) => keyStep(one, rule) === step);
    if (at === -1) result.push(structuredClone(item));
    else result[at] = overlayItem(result[at]!, item, ruleOf, path);
  }
  return result;
}

/** An item is at the path of its list. */
function overlayItem(live: Json, wanted: Json, ruleOf: RuleOf, path: readonly string[]): Json {
  if (!isObject(wanted)) return structuredClone(wanted);
  const result: JsonObject = isObject(live) ? { ...live } : {};
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) result[name] = overlay(result[name], value, ruleOf, [...path, name]);
  return result;
}

function removeAt(
  holder: Json | undefined,
  [step, ...rest]: readonly string[],
  ruleOf: RuleOf,
  path: readonly string[],
): void {
  if (step === undefined) return;
  if (step.startsWith('f:') && isObject(holder)) {
    const name = step.slice(2);
    if (rest.length === 0) {
      delete holder[name];
      return;
    }
    const inner = holder[name];
    // What is shared with the live object is copied before it is changed.
    if (Array.isArray(inner)) holder[name] = [...inner];
    else if (isObject(inner)) holder[name] = { ...inner };
    removeAt(holder[name], rest, ruleOf, [...path, name]);
    const left = holder[name];
    if (Array.isArray(left) ? left.length === 0 : isObject(left) && Object.keys(left).length === 0)
      delete holder[name];
  } else if (Array.isArray(holder)) {
    const rule = ruleOf(path)?.apply;
    const at = holder.findIndex((item) =>
      step.startsWith('v:')
        ? `v:${JSON.stringify(item)}` === step
        : Array.isArray(rule) && keyStep(item, rule) === step,
    );
    if (at === -1) return;
    const item = holder[at];
    if (rest.length === 0 || !isObject(item)) {
      holder.splice(at, 1);
      return;
    }
    const copy = { ...item };
    removeAt(copy, rest, ruleOf, path);
    const keys = Array.isArray(rule) ? rule : [];
    // An item of which only its keys are left belongs to nobody.
    if (Object.keys(copy).every((name) => keys.includes(name))) holder.splice(at, 1);
    else holder[at] = copy;
  }
}
