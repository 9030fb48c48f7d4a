import type { Fault } from '../config-error.ts';
import { type Entry, parseValue } from './entry.ts';
import { DOCUMENT_KEY, keyFault } from './names.ts';

/** What a namespace is: keys with a value each, or one document. */
export const FORMATS = ['keys', 'json', 'yaml', 'properties', 'text'] as const;
export type Format = (typeof FORMATS)[number];

/** Keys and what they have. */
export type Entries = ReadonlyMap<string, Entry>;

/** Everything that a release holds. */
export interface Content {
  readonly format: Format;
  readonly entries: Entries;
  /** The JSON Schema that it agrees with, as it was written. */
  readonly schema?: string;
}

export const EMPTY: Content = { format: 'keys', entries: new Map() };

/** Faults that are told of one content, at most. */
const FAULTS = 100;
const MAX_COMMENT = 4096;

/** What is wrong with entries by themselves, whatever a schema says. */
export function contentFaults({ format, entries }: Content): Fault[] {
  const faults: Fault[] = [];
  if (format !== 'keys') {
    for (const key of entries.keys())
      if (key !== DOCUMENT_KEY)
        faults.push({ key, message: `a namespace of the format ${format} is one document` });
    const document = entries.get(DOCUMENT_KEY);
    if (document !== undefined && document.type !== format)
      faults.push({ key: DOCUMENT_KEY, message: `is ${document.type}, and has to be ${format}` });
  }
  for (const [key, entry] of entries) {
    if (faults.length >= FAULTS) break;
    const fault = keyFault(key) ?? valueFault(entry);
    if (fault !== undefined) faults.push({ key, message: fault });
  }
  return faults;
}

function valueFault(entry: Entry): string | undefined {
  const { comment = '' } = entry;
  if (comment.length > MAX_COMMENT) return `has a comment of more than ${MAX_COMMENT} characters`;
  if (!comment.isWellFormed()) return 'has a comment that is no well-formed text';
  if (entry.type === 'secret') return undefined;
  // Lone surrogates would come back from UTF-8 as something else.
  if (!entry.value.isWellFormed()) return 'has to be well-formed text';
  if (entry.type === 'text') return undefined;
  const read = parseValue(entry.type, entry.value);
  return read.ok ? undefined : read.message;
}

/** A document's content. */
export function documentOf(format: Exclude<Format, 'keys'>, text: string): Content {
  return { format, entries: new Map([[DOCUMENT_KEY, { type: format, value: text }]]) };
}
