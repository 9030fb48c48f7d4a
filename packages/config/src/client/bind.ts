import { parseValue } from '../model/entry.ts';
import { type Described, describe, type JsonSchema } from './described.ts';
import type { ResolvedEntry } from './resolved.ts';

/** A value as it was written, or as JSON says it. */
type Leaf = { readonly text: string; readonly json?: unknown };
/** Leaves by the rest of their keys: '' for the value itself. */
type Leaves = ReadonlyMap<string, Leaf>;

/** Deeper than this nothing is nested: a schema may refer to itself. */
const MAX_DEPTH = 64;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'on', 'yes', '1'].map((text) => [text, true] as const),
  ...['false', 'off', 'no', '0'].map((text) => [text, false] as const),
]);

/**
 * Makes of flat keys the nested value that a schema describes: `server.max-connections` becomes
 * `server.maxConnections`, `ports[0]` the first of a list, and text what is asked for in its place. What
 * can't be that stays as it is: the schema says what is wrong with it. As Spring binds.
 * @param schema JSON Schema; without one, keys are nested at their dots, and text stays text
 */
export function bind(
  values: Readonly<Record<string, ResolvedEntry>>,
  schema: JsonSchema | undefined,
): unknown {
  const leaves = new Map<string, Leaf>();
  for (const [key, { type, value }] of Object.entries(values)) {
    if (value === undefined) continue;
    const parsed = type === 'text' || type === 'secret' ? undefined : parseValue(type, value);
    leaves.set(key, parsed?.ok ? { text: value, json: parsed.value } : { text: value });
  }
  return object(leaves, describe(schema, schema), schema, 0);
}

function node(leaves: Leaves, at: unknown, root: JsonSchema | undefined, depth: number): unknown {
  const described = describe(at, root);
  const own = leaves.get('');
  if (depth > MAX_DEPTH) return own?.text;
  const opened = own === undefined ? undefined : open(own, described);
  if (own !== undefined && opened === undefined && leaves.size === 1) return scalar(own, described);
  // A document as a value, and keys below it: the keys are more exact.
  const below = new Map([...(opened ?? []), ...leaves]);
  below.delete('');
  const isList = opened?.list ?? [...below.keys()].every((key) => key.startsWith('['));
  return isList ? list(below, described, root, depth) : object(below, described, root, depth);
}

function object(
  leaves: Leaves,
  { properties, additional }: Described,
  root: JsonSchema | undefined,
  depth: number,
): unknown {
  const groups = new Map<string, Map<string, Leaf>>();
  const known = [...properties.keys()];
  const byRelaxed = new Map(known.map((name) => [relaxed(name), name]));
  for (const [key, leaf] of leaves) {
    const [name, rest] =
      knownName(key, known, byRelaxed) ??
      // A map of plain values has keys with dots in them: there is nothing that they could be nested in.
      (additional !== undefined && isFlat(additional, root) ? [key, ''] : firstOf(key));
    const group = groups.get(name) ?? new Map<string, Leaf>();
    groups.set(name, group.set(rest, leaf));
  }
  // fromEntries defines: a key `__proto__` is one as any other.
  return Object.fromEntries(
    [...groups].map(([name, group]) => {
      const at = properties.get(name) ?? additional;
      return [name, node(group, at, root, depth + 1)];
    }),
  );
}

function list(
  leaves: Leaves,
  { items }: Described,
  root: JsonSchema | undefined,
  depth: number,
): unknown {
  const groups = new Map<number, Map<string, Leaf>>();
  for (const [key, leaf] of leaves) {
    const match = /^\[(\d{1,6})\]\.?(.*)$/s.exec(key);
    if (match === null) continue; // a key among places of a list: which it is can't be said
    const group = groups.get(Number(match[1])) ?? new Map<string, Leaf>();
    groups.set(Number(match[1]), group.set(match[2]!, leaf));
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([, group]) => node(group, items, root, depth + 1));
}

/** The name of a property that a key begins with, and the rest of the key. */
function knownName(
  key: string,
  known: readonly string[],
  byRelaxed: ReadonlyMap<string, string>,
): [name: string, rest: string] | undefined {
  // A property may itself have dots: the longest that fits is meant.
  let best: string | undefined;
  for (const name of known)
    if (beginsWith(key, name) && name.length > (best?.length ?? -1)) best = name;
  if (best !== undefined) return [best, key.slice(best.length).replace(/^\./, '')];
  const [first, rest] = firstOf(key);
  const name = byRelaxed.get(relaxed(first));
  return name === undefined ? undefined : [name, rest];
}

function beginsWith(key: string, name: string): boolean {
  if (!key.startsWith(name)) return false;
  const next = key[name.length];
  return next === undefined || next === '.' || next === '[';
}

/** The first part of a key, and the rest. */
function firstOf(key: string): [name: string, rest: string] {
  const match = /^([^.[]+)(?:\.|(?=\[))(.+)$/s.exec(key);
  return match === null ? [key, ''] : [match[1]!, match[2]!];
}

/** Spring's relaxed names: `maxConnections`, `max-connections` and `MAX_CONNECTIONS` are one. */
function relaxed(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** A value that is a list or an object by itself, as keys; undefined when it isn't, or may stay text. */
function open(
  { text, json }: Leaf,
  { types, unconstrained }: Described,
): (Map<string, Leaf> & { list: boolean }) | undefined {
  const wanted = types.has('array') || types.has('object');
  if (!wanted && !(unconstrained && json !== undefined)) return undefined;
  const value = json ?? read(text);
  if (Array.isArray(value) || (typeof value === 'object' && value !== null)) {
    const below = new Map<string, Leaf>();
    const isList = Array.isArray(value);
    for (const [key, each] of Object.entries(value))
      below.set(isList ? `[${key}]` : key, leafOf(each));
    return Object.assign(below, { list: isList });
  }
  if (!types.has('array') || types.has('string')) return undefined;
  // As Spring: a list may be written with commas.
  const parts = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  const entries = parts.map((part, i) => [`[${i}]`, { text: part }] as const);
  return Object.assign(new Map<string, Leaf>(entries), { list: true });
}

function leafOf(value: unknown): Leaf {
  return typeof value === 'string' ? { text: value } : { text: JSON.stringify(value), json: value };
}

/** The JSON of a text, where it looks like a list or an object. */
function read(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const parsed = parseValue('json', text);
  return parsed.ok ? parsed.value : undefined;
}

function scalar({ text, json }: Leaf, described: Described): unknown {
  const { types, texts, unconstrained } = described;
  if (unconstrained) return json === undefined ? text : json;
  if (json !== undefined && types.has(typeOf(json))) return json;
  if (types.has('string') && (texts === undefined || texts.has(text))) return text;
  const trimmed = text.trim();
  if ((types.has('number') || types.has('integer')) && NUMBER.test(trimmed)) return Number(trimmed);
  if (types.has('boolean')) {
    const boolean = BOOLEANS.get(trimmed.toLowerCase());
    if (boolean !== undefined) return boolean;
  }
  if (types.has('null') && (trimmed === '' || trimmed === 'null')) return null;
  return text;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isFlat(schema: unknown, root: JsonSchema | undefined): boolean {
  const { types, unconstrained } = describe(schema, root);
  return !unconstrained && !types.has('object') && !types.has('array');
}
