import type { Cause } from '../api-error.ts';
import { isObject, type Json, type JsonObject } from '../object.ts';

/** What a schema of a CustomResourceDefinition may not say at all. */
const FORBIDDEN = [
  ...['$ref', '$schema', 'id', 'definitions', 'dependencies', 'patternProperties'],
  ...['additionalItems', 'deprecated', 'discriminator', 'readOnly', 'writeOnly', 'xml'],
];
const KNOWN = new Set([
  ...['type', 'properties', 'additionalProperties', 'items', 'required', 'enum', 'default'],
  ...['nullable', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum'],
  ...['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems'],
  ...['minProperties', 'maxProperties', 'uniqueItems', 'allOf', 'anyOf', 'oneOf', 'not'],
  ...['title', 'description', 'example', 'externalDocs'],
]);
/** What a schema within allOf, anyOf, oneOf or not may not say: its structure is the outer one's. */
const NOT_WITHIN = [
  ...['type', 'additionalProperties', 'default', 'nullable', 'title', 'description'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'],
];

/** Why a schema is not structural; empty when it is. */
export function structuralFaults(schema: Json | undefined, field: string, root = true): Cause[] {
  if (!isObject(schema)) return [bad(field, 'must be a schema')];
  const faults = stray(schema, field);
  if (schema.uniqueItems === true)
    faults.push(forbid(`${field}.uniqueItems`, 'uniqueItems cannot be set to true'));
  if (Array.isArray(schema.type)) faults.push(bad(`${field}.type`, 'must be one type'));
  const free =
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.type === undefined && !free)
    faults.push(must(`${field}.type`, 'must not be empty for specified fields'));
  if (root && schema.type !== 'object')
    faults.push(bad(`${field}.type`, 'must be object at the root'));
  if (isObject(schema.properties) && schema.additionalProperties !== undefined)
    faults.push(forbid(`${field}.additionalProperties`, 'mutually exclusive with properties'));
  if (schema.additionalProperties === false)
    faults.push(forbid(`${field}.additionalProperties`, 'additionalProperties cannot be false'));
  if (schema.type === 'array' && !isObject(schema.items))
    faults.push(must(`${field}.items`, 'must be specified'));
  faults.push(...listFaults(schema, field));
  for (const [name, inner] of Object.entries(properties(schema)))
    if (!(root && name === 'metadata'))
      faults.push(...structuralFaults(inner, `${field}.properties[${name}]`, false));
  if (isObject(schema.items))
    faults.push(...structuralFaults(schema.items, `${field}.items`, false));
  if (isObject(schema.additionalProperties))
    faults.push(
      ...structuralFaults(schema.additionalProperties, `${field}.additionalProperties`, false),
    );
  for (const { inner, at } of alternatives(schema, field))
    faults.push(...valueFaults(inner, schema, at));
  return faults;
}

function properties(schema: JsonObject): JsonObject {
  return isObject(schema.properties) ? schema.properties : {};
}

function alternatives(schema: JsonObject, field: string): { inner: JsonObject; at: string }[] {
  const lists = ['allOf', 'anyOf', 'oneOf'].flatMap((name) =>
    (Array.isArray(schema[name]) ? schema[name] : [])
      .filter(isObject)
      .map((inner, i) => ({ inner, at: `${field}.${name}[${i}]` })),
  );
  return isObject(schema.not) ? [...lists, { inner: schema.not, at: `${field}.not` }] : lists;
}

/** Of a schema within another: it only says more of values whose structure is stated outside. */
function valueFaults(schema: JsonObject, outer: JsonObject, field: string): Cause[] {
  const intOrString = outer['x-kubernetes-int-or-string'] === true;
  const faults = [
    ...stray(schema, field),
    ...NOT_WITHIN.filter(
      (name) => schema[name] !== undefined && !(name === 'type' && intOrString),
    ).map((name) => forbid(`${field}.${name}`, 'must be empty to be structural')),
  ];
  for (const [name, inner] of Object.entries(properties(schema))) {
    const stated = properties(outer)[name];
    const at = `${field}.properties[${name}]`;
    if (!isObject(stated)) faults.push(must(at, `because it is defined in ${at}`));
    else if (isObject(inner)) faults.push(...valueFaults(inner, stated, at));
  }
  for (const { inner, at } of alternatives(schema, field))
    faults.push(...valueFaults(inner, outer, at));
  return faults;
}

function stray(schema: JsonObject, field: string): Cause[] {
  return Object.keys(schema).flatMap((name) => {
    if (FORBIDDEN.includes(name)) return [forbid(`${field}.${name}`, `${name} is not supported`)];
    if (KNOWN.has(name) || name.startsWith('x-kubernetes-')) return [];
    return [forbid(`${field}.${name}`, `unknown field`)];
  });
}

function listFaults(schema: JsonObject, field: string): Cause[] {
  const kind = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (kind === undefined) return [];
  if (schema.type !== 'array') return [bad(`${field}.type`, 'must be array')];
  if (kind !== 'map') return [];
  if (!Array.isArray(keys) || keys.length === 0)
    return [must(`${field}.x-kubernetes-list-map-keys`, 'must not be empty if list-type is map')];
  const items = isObject(schema.items) ? schema.items : {};
  const required = Array.isArray(items.required) ? items.required : [];
  return keys.flatMap((key) => {
    const property = properties(items)[String(key)];
    if (!isObject(property)) return [bad(`${field}.x-kubernetes-list-map-keys`, `no ${key}`)];
    if (required.includes(key) || property.default !== undefined) return [];
    const at = `${field}.items.properties[${key}].default`;
    return [
      must(
        at,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    ];
  });
}

const bad = (field: string, message: string): Cause => ({
  field,
  message: `Invalid value: ${message}`,
});
const forbid = (field: string, message: string): Cause => ({
  field,
  message: `Forbidden: ${message}`,
  reason: 'FieldValueForbidden',
});
const must = (field: string, message: string): Cause => ({
  field,
  message: `Required value: ${message}`,
  reason: 'FieldValueRequired',
});
