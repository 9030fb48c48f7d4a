import type { Content, Entries } from './content.ts';
import { type Entry, type PlainEntry, parseValue } from './entry.ts';
import { DOCUMENT_KEY } from './names.ts';

/**
 * The keys that a namespace gives to those who resolve it. Of a document those that Spring would make of
 * it: `server.ports[0]`; text that is no document of keys is the one key `content`.
 */
export function flatten({ format, entries }: Content): Entries {
  if (format === 'keys' || format === 'text') return entries;
  const document = entries.get(DOCUMENT_KEY);
  if (document === undefined || document.type === 'secret') return entries;
  const read = parseValue(document.type, document.value);
  if (!read.ok) return entries;
  const flat = new Map<string, Entry>();
  if (isMap(read.value) || Array.isArray(read.value)) collect(flat, '', read.value);
  else if (read.value !== null) flat.set(DOCUMENT_KEY, leaf(read.value));
  return flat;
}

function collect(flat: Map<string, Entry>, path: string, value: unknown): void {
  if (Array.isArray(value) && value.length > 0)
    value.forEach((each, i) => {
      collect(flat, `${path}[${i}]`, each);
    });
  else if (isMap(value) && (path === '' || Object.keys(value).length > 0))
    for (const [key, each] of Object.entries(value))
      collect(flat, path === '' ? key : `${path}.${key}`, each);
  else flat.set(path, leaf(value));
}

/** Text stays text; whatever else it is, is said by its JSON. */
function leaf(value: unknown): PlainEntry {
  return typeof value === 'string'
    ? { type: 'text', value }
    : { type: 'json', value: JSON.stringify(value) ?? 'null' };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
