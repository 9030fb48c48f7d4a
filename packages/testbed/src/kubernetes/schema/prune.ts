import { isObject, type Json, type JsonObject } from '../object.ts';
import type { Schema } from './schema.ts';

/** Removes what the schema doesn't know from a value, in place. Returns the paths of what is gone. */
export function prune(value: Json | undefined, schema: Schema, path = ''): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? []
      : value.flatMap((item, i) => prune(item, items, `${path}[${i}]`));
  }
  if (!isObject(value)) return [];
  const { properties = {}, additionalProperties } = schema;
  const others = isObject(additionalProperties) ? (additionalProperties as Schema) : undefined;
  const keep =
    schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
  return Object.keys(value).flatMap((name) => {
    const where = path === '' ? name : `${path}.${name}`;
    const known = Object.hasOwn(properties, name) ? properties[name] : others;
    if (known !== undefined) return prune(value[name], known, where);
    if (keep || (schema['x-kubernetes-embedded-resource'] && EMBEDDED.has(name))) return [];
    delete value[name];
    return [where];
  });
}

const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata']);

/** Fills in the defaults, in place; nulls that may not be are taken as not stated. */
export function setDefaults(value: Json | undefined, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) setDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isNull = value[name] === null && property.nullable !== true;
    if (property.default !== undefined && (value[name] === undefined || isNull))
      value[name] = structuredClone(property.default);
    setDefaults(value[name], property);
  }
  const { additionalProperties } = schema;
  if (!isObject(additionalProperties)) return;
  for (const name of Object.keys(value))
    if (!Object.hasOwn(schema.properties ?? {}, name))
      setDefaults((value as JsonObject)[name], additionalProperties as Schema);
}
