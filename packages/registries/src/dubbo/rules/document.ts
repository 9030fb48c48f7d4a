import { parse, YAMLError } from 'yaml';
import { isObject } from '../../decode/json.ts';

/** A rule's text, read; or why it can't be. */
export type RuleDocument =
  | { readonly type: 'document'; readonly content: unknown }
  | { readonly type: 'unreadable'; readonly why: string };

/** More of them are no rule but an attempt to fill the memory. */
const MAX_ALIASES = 50;

/** Reads YAML as Dubbo's SnakeYAML does: version 1.1, of two keys the later counts. Never throws. */
export function readDocument(text: string): RuleDocument {
  try {
    const content: unknown = parse(text, {
      version: '1.1',
      uniqueKeys: false,
      maxAliasCount: MAX_ALIASES,
      logLevel: 'error',
      // Each error would come with its line, and a line may be the whole text.
      prettyErrors: false,
    });
    return { type: 'document', content };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const at = error instanceof YAMLError ? text.slice(0, error.pos[0]).split('\n').length : 0;
    const line = at === 0 ? '' : ` in line ${at}`;
    return { type: 'unreadable', why: `it is no YAML${line}: ${why}` };
  }
}

/** A mapping of a document, whose values nobody vouches for. */
export type Mapping = Readonly<Record<string, unknown>>;

export function mappingOf(value: unknown): Mapping | undefined {
  return isObject(value) ? value : undefined;
}

/** A member that is there by itself; null is not there, as in Java. */
export function member(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? (mapping[key] ?? undefined) : undefined;
}

/** A scalar as text; undefined for anything else. */
export function scalar(value: unknown): string | undefined {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
    ? String(value)
    : undefined;
}

/** A list's scalars as text; undefined when it is no list. */
export function scalars(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((each) => scalar(each)).filter((text) => text !== undefined);
}

/** Java's boolean: anything but `true` is false. */
export function flag(value: unknown, otherwise: boolean): boolean {
  return value === undefined ? otherwise : scalar(value)?.toLowerCase() === 'true';
}
