import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { FORMATS } from '../model/content.ts';
import { type Entry, VALUE_TYPES } from '../model/entry.ts';
import { checkApplication, checkNamespace, refText } from '../model/names.ts';
import { type ApplicationRecord, applicationSchema, pointerSchema } from '../store/records.ts';
import { LiveNamespace, nameOf } from './live-namespace.ts';

/** All that instances may get, at a moment: to be kept, and served again when ZooKeeper is away. */
export interface LiveImage {
  /** The newest transaction that was seen. */
  readonly revision: bigint;
  readonly applications: ReadonlyMap<string, ApplicationRecord>;
  /** By `application/namespace`. */
  readonly namespaces: ReadonlyMap<string, LiveNamespace>;
}

/** Entries of a line, at most, and about how many characters. */
const ENTRIES = 1_000;
const CHARACTERS = 256 * 1024;

const types = z.enum(VALUE_TYPES);
const plain = z.union([
  z.tuple([z.string(), types, z.string()]),
  z.tuple([z.string(), types, z.string(), z.string()]),
]);
const secret = z.union([
  z.tuple([z.string(), z.literal('secret'), z.tuple([z.string(), z.string()])]),
  z.tuple([z.string(), z.literal('secret'), z.tuple([z.string(), z.string()]), z.string()]),
]);
const line = z.union([
  z.strictObject({ revision: z.string().regex(/^\d{1,20}$/) }),
  z.strictObject({ application: z.string(), record: applicationSchema }),
  z.strictObject({ namespace: z.tuple([z.string(), z.string()]), pointer: pointerSchema }),
  // Of the namespace before it.
  z.strictObject({
    format: z.enum(FORMATS),
    root: z.string(),
    entries: z.array(z.union([secret, plain])),
  }),
]);
type Line = z.output<typeof line>;
type Row = Extract<Line, { entries: unknown }>['entries'][number];

/** What is known, as lines of JSON. Of secrets nothing but what releases have of them. */
export function* encodeImage({
  revision,
  applications,
  namespaces,
}: LiveImage): Generator<string, void, void> {
  const encode = (each: Line) => JSON.stringify(each);
  yield encode({ revision: String(revision) });
  for (const [application, record] of applications) yield encode({ application, record });
  for (const [text, namespace] of namespaces) {
    const [application = '', name = ''] = text.split('/');
    yield encode({ namespace: [application, name], pointer: namespace.pointer });
    for (const { format, root, entries } of namespace.contents()) {
      let rows: Row[] = [];
      let length = 0;
      for (const [key, entry] of entries) {
        const row = rowOf(key, entry);
        rows.push(row);
        length += key.length + row[2].length;
        if (rows.length < ENTRIES && length < CHARACTERS) continue;
        yield encode({ format, root, entries: rows });
        [rows, length] = [[], 0];
      }
      if (rows.length > 0) yield encode({ format, root, entries: rows });
    }
  }
}

/** Reads it again. @throws ConfigError MALFORMED, NOT_VALID when it is not what was written */
export function decodeImage(lines: Iterable<string>): LiveImage {
  let revision = 0n;
  const applications = new Map<string, ApplicationRecord>();
  const namespaces = new Map<string, LiveNamespace>();
  let last: { readonly text: string; readonly pointer: LiveNamespace['pointer'] } | undefined;
  let contents = new Map<string, Map<string, Entry>>();
  const finish = () => {
    if (last !== undefined)
      namespaces.set(last.text, LiveNamespace.restore(last.pointer, contents));
    contents = new Map();
  };
  for (const text of lines) {
    const read = decode(text);
    if ('revision' in read) revision = BigInt(read.revision);
    else if ('application' in read)
      applications.set(checkApplication(read.application), read.record);
    else if ('namespace' in read) {
      finish();
      const [application, namespace] = read.namespace;
      checkApplication(application);
      checkNamespace(namespace);
      last = { text: refText({ application, namespace }), pointer: read.pointer };
    } else {
      const name = nameOf(read);
      const entries = contents.get(name) ?? new Map<string, Entry>();
      for (const row of read.entries) entries.set(row[0], entryOf(row));
      contents.set(name, entries);
    }
  }
  finish();
  return { revision, applications, namespaces };
}

function decode(text: string): Line {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigError('MALFORMED', 'what was kept of configuration is not what is kept', {
      cause,
    });
  }
}

function rowOf(key: string, entry: Entry): Row {
  const { comment } = entry;
  if (entry.type === 'secret') {
    const sealed: [string, string] = [entry.secret, entry.digest];
    return comment === undefined ? [key, 'secret', sealed] : [key, 'secret', sealed, comment];
  }
  const { type, value } = entry;
  return comment === undefined ? [key, type, value] : [key, type, value, comment];
}

function entryOf([, type, value, comment]: Row): Entry {
  const said = comment === undefined ? {} : { comment };
  if (typeof value !== 'string') {
    const [id, digest] = value;
    return { type: 'secret', secret: id, digest, ...said };
  }
  if (type !== 'secret') return { type, value, ...said };
  throw new ConfigError('MALFORMED', 'a secret that was kept is none');
}
