import type { Cause } from '../api-error.ts';
import { canonical, isObject, type Json, type JsonObject } from '../object.ts';
import type { Schema } from './schema.ts';

/** What is wrong with a value by its schema. */
export function validate(value: Json | undefined, schema: Schema, field = ''): Cause[] {
  if (value === undefined) return [];
  if (value === null) {
    if (schema.nullable === true || schema.type === undefined) return [];
    return [typeFault(value, schema.type, field)];
  }
  const fault = typeOf(value, schema, field);
  if (fault !== undefined) return [fault];
  return [
    ...bounds(value, schema, field),
    ...(Array.isArray(value) ? inArray(value, schema, field) : []),
    ...(isObject(value) ? inObject(value, schema, field) : []),
    ...combined(value, schema, field),
  ];
}

function typeOf(value: Json, schema: Schema, field: string): Cause | undefined {
  const { type } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string' || Number.isInteger(value)) return undefined;
    return typeFault(value, 'integer,string', field);
  }
  if (type === undefined) return undefined;
  const fits =
    type === 'integer'
      ? Number.isInteger(value)
      : type === 'array'
        ? Array.isArray(value)
        : type === 'object'
          ? isObject(value)
          : typeof value === type;
  return fits ? undefined : typeFault(value, type, field);
}

function typeFault(value: Json, type: string, field: string): Cause {
  const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const message = `Invalid value: "${is}": ${field} in body must be of type ${type}: "${is}"`;
  return { field, message, reason: 'FieldValueTypeInvalid' };
}

function fault(value: Json, field: string, must: string): Cause {
  return { field, message: `Invalid value: ${JSON.stringify(value)}: ${field} in body ${must}` };
}

function bounds(value: Json, schema: Schema, field: string): Cause[] {
  const faults: Cause[] = [];
  const check = (holds: boolean, must: string) => {
    if (!holds) faults.push(fault(value, field, must));
  };
  if (
    schema.enum !== undefined &&
    !schema.enum.some((one) => canonical(one) === canonical(value))
  ) {
    const values = schema.enum.map((one) => JSON.stringify(one)).join(', ');
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
    faults.push({ field, message, reason: 'FieldValueNotSupported' });
  }
  if (typeof value === 'string') {
    const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY, format } = schema;
    const length = [...value].length;
    check(length >= minLength, `should be at least ${minLength} chars long`);
    check(length <= maxLength, `should be at most ${maxLength} chars long`);
    check(
      pattern === undefined || new RegExp(pattern, 'u').test(value),
      `should match '${pattern}'`,
    );
    check(format !== 'date-time' || !Number.isNaN(Date.parse(value)), 'must be of type date-time');
  }
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity, multipleOf } = schema;
    const above = schema.exclusiveMinimum === true ? value > minimum : value >= minimum;
    const below = schema.exclusiveMaximum === true ? value < maximum : value <= maximum;
    check(above, `should be greater than or equal to ${minimum}`);
    check(below, `should be less than or equal to ${maximum}`);
    check(
      multipleOf === undefined || value % multipleOf === 0,
      `should be a multiple of ${multipleOf}`,
    );
  }
  return faults;
}

function inArray(value: Json[], schema: Schema, field: string): Cause[] {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const faults =
    items === undefined ? [] : value.flatMap((item, i) => validate(item, items, `${field}[${i}]`));
  if (value.length < minItems)
    faults.push(fault(value.length, field, `should have at least ${minItems} items`));
  if (value.length > maxItems) {
    const message = `Too many: ${value.length}: must have at most ${maxItems} items`;
    faults.push({ field, message, reason: 'FieldValueTooMany' });
  }
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set' || kind === 'map') {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const seen = new Set<string>();
    for (const [i, item] of value.entries()) {
      const key = kind === 'set' ? item : keys.map((name) => (item as JsonObject)[name] ?? null);
      const told = canonical(key);
      if (seen.has(told))
        faults.push({
          field: `${field}[${i}]`,
          message: `Duplicate value: ${told}`,
          reason: 'FieldValueDuplicate',
        });
      seen.add(told);
    }
  }
  return faults;
}

function inObject(value: JsonObject, schema: Schema, field: string): Cause[] {
  const { properties = {}, additionalProperties, required = [] } = schema;
  const at = (name: string) => (field === '' ? name : `${field}.${name}`);
  const faults: Cause[] = required
    .filter((name) => value[name] === undefined)
    .map((name) => ({
      field: at(name),
      message: 'Required value',
      reason: 'FieldValueRequired',
    }));
  for (const [name, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, name))
      faults.push(...validate(inner, properties[name]!, at(name)));
    else if (isObject(additionalProperties))
      faults.push(...validate(inner, additionalProperties as Schema, at(name)));
  }
  const count = Object.keys(value).length;
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
  if (count < minProperties)
    faults.push(fault(count, field, `should have at least ${minProperties} properties`));
  if (count > maxProperties)
    faults.push(fault(count, field, `should have at most ${maxProperties} properties`));
  return faults;
}

function combined(value: Json, { allOf, anyOf, oneOf, not }: Schema, field: string): Cause[] {
  const faults = (allOf ?? []).flatMap((schema) => validate(value, schema, field));
  const fits = (schema: Schema) => validate(value, schema, field).length === 0;
  if (anyOf !== undefined && !anyOf.some(fits))
    faults.push(fault('', field, 'must validate at least one schema (anyOf)'));
  if (oneOf !== undefined && oneOf.filter(fits).length !== 1)
    faults.push(fault('', field, 'must validate one and only one schema (oneOf)'));
  if (not !== undefined && fits(not))
    faults.push(fault('', field, 'must not validate the schema (not)'));
  return faults;
}
