import type { HelperOptions } from 'handlebars';
import { stringify } from 'yaml';
import type { Resolved } from '../client/resolved.ts';
import { MissingKey, rawOf } from './context.ts';

/** What helpers may look at. */
export interface HelperWorld {
  readonly values: Resolved['values'];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A helper as Handlebars calls it: its arguments, the named ones last. */
type Helper = (...args: unknown[]) => unknown;

/** The helpers of templates; docs/guides/configuration.md has them in words. */
export const HELPERS = [
  ...['key', 'has', 'tree', 'env', 'json', 'yaml', 'quote', 'base64'],
  ...['bool', 'eq', 'join', 'lower', 'upper'],
] as const;
type Name = (typeof HELPERS)[number];

const TRUE: ReadonlySet<string> = new Set(['true', 'on', 'yes', '1']);

/** The helpers, for one rendering. */
export function helpersFor({ values, env }: HelperWorld): Readonly<Record<Name, Helper>> {
  const found = (key: unknown) => {
    const name = String(key);
    return Object.hasOwn(values, name) ? values[name]?.value : undefined;
  };
  return {
    key: (key, options) => found(key) ?? otherwise(options, String(key)),
    has: (key) => found(key) !== undefined,
    tree: (prefix) =>
      Object.entries(values)
        .filter(([key, { value }]) => key.startsWith(String(prefix)) && value !== undefined)
        .map(([key, { value }]) => ({ key, name: key.slice(String(prefix).length), value })),
    env: (name, options) => env[String(name)] ?? otherwise(options, String(name), 'variable '),
    json: (value, options) =>
      JSON.stringify(rawOf(value), undefined, Number(hashOf(options).indent ?? 0)),
    yaml: (value) => stringify(rawOf(value)).trimEnd(),
    quote: (value) => `'${String(value).replaceAll("'", `'\\''`)}'`,
    base64: (value) => Buffer.from(String(value)).toString('base64'),
    bool: (value) => TRUE.has(String(value).toLowerCase()),
    eq: (a, b) => String(a) === String(b),
    join: (list, separator) => {
      const raw = rawOf(list);
      if (!Array.isArray(raw)) throw new Error('join takes a list');
      return raw.map(String).join(typeof separator === 'string' ? separator : ',');
    },
    lower: (value) => String(value).toLowerCase(),
    upper: (value) => String(value).toUpperCase(),
  };
}

/** What `default=` says. @throws MissingKey without it */
function otherwise(options: unknown, key: string, what = ''): unknown {
  const { default: value } = hashOf(options);
  if (value === undefined) throw new MissingKey(key, what);
  return value;
}

function hashOf(options: unknown): Readonly<Record<string, unknown>> {
  // Handlebars gives the named arguments as the last one, to every helper.
  return (options as HelperOptions | undefined)?.hash ?? {};
}
