import { canonical, type Json, type JsonObject, type KubernetesObject } from '../object.ts';
import { type FieldSet, fieldsOf, fromFieldsV1, toFieldsV1 } from './field-set.ts';
import type { RuleOf } from './strategic-merge.ts';

/** Who writes, and how. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
}

/** The fields of each manager. */
export class ManagedFields {
  readonly #entries: { manager: Manager; time: string; fields: Set<string> }[];

  constructor(object: KubernetesObject | undefined) {
    const entries = (object?.metadata.managedFields ?? []) as JsonObject[];
    this.#entries = entries.map((entry) => ({
      manager: {
        name: String(entry.manager),
        operation: entry.operation as Manager['operation'],
        subresource: String(entry.subresource ?? ''),
      },
      time: String(entry.time),
      fields: new Set(fromFieldsV1(entry.fieldsV1 as JsonObject)),
    }));
  }

  /** What a manager owns. */
  of(manager: Manager): FieldSet {
    return this.#find(manager)?.fields ?? new Set();
  }

  /** Others that own a field. */
  others(manager: Manager, field: string): readonly Manager[] {
    return this.#entries
      .filter((entry) => !same(entry.manager, manager) && entry.fields.has(field))
      .map((entry) => entry.manager);
  }

  /** The manager owns exactly these. */
  set(manager: Manager, fields: Iterable<string>, now: string): void {
    const found = this.#find(manager);
    if (found !== undefined) {
      found.fields = new Set(fields);
      found.time = now;
    } else this.#entries.push({ manager, time: now, fields: new Set(fields) });
  }

  /** All but the manager lose a field. */
  take(manager: Manager, field: string): void {
    for (const entry of this.#entries)
      if (!same(entry.manager, manager)) entry.fields.delete(field);
  }

  /** Of an update: who changes a value owns it, and what is gone is nobody's. */
  update(
    manager: Manager,
    before: KubernetesObject | undefined,
    after: KubernetesObject,
    ruleOf: RuleOf,
    now: string,
  ): void {
    const old = before === undefined ? new Map<string, Json>() : fieldsOf(before, ruleOf);
    const fresh = fieldsOf(after, ruleOf);
    const changed = [...fresh].filter(
      ([field, value]) => !old.has(field) || canonical(old.get(field)) !== canonical(value),
    );
    for (const [field] of changed) this.take(manager, field);
    for (const { fields } of this.#entries)
      for (const field of fields) if (!fresh.has(field)) fields.delete(field);
    if (changed.length > 0)
      this.set(manager, new Set([...this.of(manager), ...changed.map(([field]) => field)]), now);
  }

  /** As an object has it. */
  toJson(apiVersion: string): JsonObject[] {
    return this.#entries
      .filter(({ fields }) => fields.size > 0)
      .map(({ manager, time, fields }) => ({
        manager: manager.name,
        operation: manager.operation,
        apiVersion,
        time,
        fieldsType: 'FieldsV1',
        fieldsV1: toFieldsV1(fields),
        ...(manager.subresource !== '' && { subresource: manager.subresource }),
      }));
  }

  #find(manager: Manager) {
    return this.#entries.find((entry) => same(entry.manager, manager));
  }
}

function same(a: Manager, b: Manager): boolean {
  return a.name === b.name && a.operation === b.operation && a.subresource === b.subresource;
}
