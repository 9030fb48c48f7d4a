import { parse as parseProperties } from 'dot-properties';
import { parseDocument } from 'yaml';

/** How a value is read. */
export const VALUE_TYPES = ['text', 'json', 'yaml', 'properties', 'secret'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** A value as it was written, kept with its type. */
export interface PlainEntry {
  readonly type: Exclude<ValueType, 'secret'>;
  readonly value: string;
  /** What its author says of it. */
  readonly comment?: string;
}

/** A secret: its text is in an envelope elsewhere, which is not changed by who renames its key. */
export interface SecretEntry {
  readonly type: 'secret';
  /** The envelope's id, which says nothing. */
  readonly secret: string;
  /** Keyed digest of the text: tells whether it has changed, and nothing else. */
  readonly digest: string;
  readonly comment?: string;
}

/** What a key has. */
export type Entry = PlainEntry | SecretEntry;

/** What a text says, or why it can't be read. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** Aliases of a YAML document are expanded so often: more is an attack. */
const MAX_ALIASES = 100;
/** Values are nested so deep, at most: what reads them may recurse. */
const MAX_DEPTH = 100;

/** Reads a text as what it is said to be. Text is itself. It never throws. */
export function parseValue(type: PlainEntry['type'], text: string): Parsed {
  const read = parse(type, text);
  if (!read.ok || !isDeeper(read.value, MAX_DEPTH)) return read;
  return { ok: false, message: `is nested deeper than ${MAX_DEPTH}` };
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1));
}

function parse(type: PlainEntry['type'], text: string): Parsed {
  try {
    switch (type) {
      case 'text':
        return { ok: true, value: text };
      case 'json':
        return { ok: true, value: JSON.parse(text) };
      case 'properties':
        return { ok: true, value: parseProperties(text) };
      case 'yaml': {
        const document = parseDocument(text, { prettyErrors: false });
        const [error] = document.errors;
        if (error !== undefined) return { ok: false, message: `no YAML: ${error.message}` };
        return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIASES }) ?? null };
      }
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `no ${type === 'json' ? 'JSON' : type}: ${message}` };
  }
}

/** True of entries that nobody would tell apart; comments count. */
export function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  return a === b || (sameValue(a, b) && a?.comment === b?.comment);
}

/** True of entries with one type and value. */
export function sameValue(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === 'secret')
    return b.type === 'secret' && a.secret === b.secret && a.digest === b.digest;
  return b.type !== 'secret' && a.type === b.type && a.value === b.value;
}
