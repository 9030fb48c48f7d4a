import { bind } from '../client/bind.ts';
import type { Resolved } from '../client/resolved.ts';

/** Something that a template asks for, and that isn't there: its whole key. */
export class MissingKey extends Error {
  readonly key: string;

  constructor(key: string, what = '') {
    super(`there is no ${what}${key}`);
    this.key = key;
  }
}

/** What is read of keys, that isn't theirs: by `JSON.stringify`, by `await`. */
const OTHERS: ReadonlySet<string | symbol> = new Set(['toJSON', 'then']);
const RAW = Symbol('raw');
/** Around what a list or keys become where text is wanted: no value has it. */
const MARK = '\u0000';

/**
 * What templates see: keys, nested at their dots, of what has a value. Whatever else is asked for is an
 * error, also where Handlebars would say nothing: `{{#if nope}}`.
 */
export function contextOf(values: Resolved['values']): object {
  const nested = bind(values, undefined);
  return strict(nested as object, ''); // of keys, `bind` makes an object
}

/** A value of the context as it is. */
export function rawOf(value: unknown): unknown {
  // The proxies below know this, and nothing else does.
  return typeof value === 'object' && value !== null
    ? ((value as { [RAW]?: unknown })[RAW] ?? value)
    : value;
}

/** What has become text although it is none; undefined when nothing has. */
export function wrongText(rendered: string): string | undefined {
  return rendered.split(MARK)[1];
}

function strict(target: object, path: string): object {
  return new Proxy(target, {
    get(_, name) {
      if (name === RAW) return target;
      if (name === Symbol.toPrimitive) return () => `${MARK}${asText(path, target)}${MARK}`;
      const isOwn = Object.hasOwn(target, name);
      if (!isOwn && (typeof name === 'symbol' || OTHERS.has(name) || Array.isArray(target)))
        return Reflect.get(target, name);
      const key = keyOf(path, String(name), target);
      if (!isOwn) throw new MissingKey(key);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'object' && value !== null ? strict(value, key) : value;
    },
  });
}

function keyOf(path: string, name: string, target: object): string {
  if (Array.isArray(target)) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function asText(path: string, target: object): string {
  if (path === '') return 'all keys together are no text: write {{json this}}';
  const what = Array.isArray(target) ? 'a list' : 'keys';
  return `${path} is no text, but ${what}: write {{json ${path}}}, or {{#each ${path}}}`;
}
