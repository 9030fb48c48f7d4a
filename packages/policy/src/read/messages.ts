import type { z } from 'zod';
import { suggest } from './suggest.ts';

/** More choices than these are not listed. */
const MAX_CHOICES = 16;

/** What an issue of a schema says to people. Of unknown fields it is a line for each of them. */
export function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(key, issue.inst)).join('\n');
    case 'invalid_value':
      return notAmong(issue.input, issue.values);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? notAmong(member(issue.input, issue.discriminator), issue.options)
        : undefined;
    case 'invalid_type':
      return wrongType(issue.input, issue.expected);
    case 'too_small':
      return bound('least', issue.origin, issue.minimum);
    case 'too_big':
      return bound('most', issue.origin, issue.maximum);
    default:
      return undefined;
  }
}

function unknownField(key: string, schema: unknown): string {
  const known = shapeOf(schema);
  const meant = suggest(key, Object.keys(known));
  const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
  // Of a union the kind is in the message: the field may be one of another.
  const [name, type] = Object.entries(known).find(([, field]) => isLiteral(field)) ?? [];
  const where = name === undefined || !isLiteral(type) ? '' : ` with "${name}: ${type.value}"`;
  return name === 'apiVersion' || where === ''
    ? `there is no such field${hint}`
    : `there is no such field${where}${hint}`;
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  if (typeof schema !== 'object' || schema === null || !('shape' in schema)) return {};
  const { shape } = schema;
  return typeof shape === 'object' && shape !== null ? (shape as Record<string, unknown>) : {};
}

function isLiteral(field: unknown): field is { readonly value: unknown } {
  return typeof field === 'object' && field !== null && 'type' in field && field.type === 'literal';
}

function member(input: unknown, key: string | undefined): unknown {
  if (typeof input !== 'object' || input === null || key === undefined) return undefined;
  return Object.hasOwn(input, key) ? (input as Readonly<Record<string, unknown>>)[key] : undefined;
}

function notAmong(input: unknown, values: readonly unknown[]): string {
  const texts = values.map(String);
  const write = texts.length > MAX_CHOICES ? '' : `write ${listed(texts)}`;
  if (input === undefined) return `is missing: ${write}`;
  const meant = typeof input === 'string' ? suggest(input, texts) : undefined;
  if (meant !== undefined && texts.length > 1)
    return `can not be ${shown(input)}: did you mean "${meant}"?`;
  return `can not be ${shown(input)}: ${write}`;
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields',
  record: 'names with values',
};

function wrongType(input: unknown, expected: string): string {
  const wanted = NAMES[expected] ?? expected;
  if (input === undefined) return `is missing: write ${wanted}`;
  if (input === null) return `is empty: write ${wanted}, or leave it out`;
  const quoted = expected === 'string' ? `: write "${String(input)}" in quotes` : '';
  const simple = typeof input === 'number' || typeof input === 'boolean';
  return `has to be ${wanted}, and is ${shown(input)}${simple ? quoted : ''}`;
}

function bound(which: 'least' | 'most', origin: string, limit: number | bigint): string {
  if (origin === 'string')
    return which === 'least'
      ? limit === 1
        ? 'is empty'
        : `is shorter than ${limit} characters`
      : `is longer than ${limit} characters`;
  if (origin === 'array')
    return which === 'least'
      ? `needs at least ${limit === 1 ? 'one entry' : `${limit} entries`}`
      : `may have at most ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `has to be at ${which} ${limit}`;
}

function listed(texts: readonly string[]): string {
  return texts.length < 2
    ? (texts[0] ?? 'something else')
    : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}

function shown(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object with fields';
  const text = JSON.stringify(input) ?? String(input);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
