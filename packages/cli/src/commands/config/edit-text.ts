import {
  Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  Scalar,
} from 'yaml';
import type { Entries, EntryView } from './answers.ts';

/** A value as an editor sends it. */
export type Input =
  | { readonly type: EntryView['type']; readonly value: string; readonly comment?: string }
  | {
      readonly type: 'secret';
      readonly secret: string;
      readonly digest: string;
      readonly comment?: string;
    };

/** What is wrong with a text, and in which line. */
export interface LineFault {
  readonly line: number;
  readonly message: string;
}

/** What somebody has written. */
export interface Edited {
  readonly entries: Readonly<Record<string, Input>>;
  readonly faults: readonly LineFault[];
  /** Where a key is, from 1. */
  readonly lineOf: (key: string) => number | undefined;
}

/** Stands for a secret whose text is not shown, and stays what it is. */
const KEPT = 'unchanged';
const TYPES = ['json', 'yaml', 'properties', 'secret'] as const;

/** Keys as YAML for an editor: text as it is, other types by a tag, comments above their keys. */
export function editText(entries: Entries, title: readonly string[]): string {
  const document = new Document({});
  const keys = Object.keys(entries).sort();
  const items = keys.map((key) => {
    const { type, value, comment } = entries[key]!;
    const node = new Scalar(type === 'secret' ? KEPT : (value ?? ''));
    if (type !== 'text') node.tag = `!${type}`;
    if (value?.includes('\n')) node.type = 'BLOCK_LITERAL';
    const name = new Scalar(key);
    if (comment !== undefined)
      name.commentBefore = comment
        .split('\n')
        .map((line) => ` ${line}`)
        .join('\n');
    return document.createPair(name, node);
  });
  // What `createPair` makes of them are nodes already.
  if (isMap(document.contents)) document.contents.items.push(...(items as never[]));
  const head = title.map((line) => `# ${line}`.trimEnd()).join('\n');
  const body = keys.length === 0 ? '' : document.toString({ lineWidth: 0 });
  return `${head}\n\n${body}`;
}

/** Reads what came back. Nested keys are keys with dots; what looks like a number is its text. */
export function readEdited(text: string, before: Entries): Edited {
  const lines = new LineCounter();
  const customTags = TYPES.map((type) => ({
    tag: `!${type}`,
    resolve: (value: string) => value,
  }));
  const document = parseDocument(text, { lineCounter: lines, customTags, uniqueKeys: false });
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line;
  const faults: LineFault[] = [...document.errors, ...document.warnings].map((error) => ({
    line: error.linePos?.[0].line ?? 1,
    message: error.message.split(/ at line \d+/)[0] ?? error.message,
  }));
  const entries: Record<string, Input> = {};
  const places = new Map<string, number>();
  const titles = leading(text);
  const add = (key: string, node: unknown, comment: string | undefined, line: number): void => {
    if (isMap(node) && node.items.length > 0) {
      for (const item of node.items) {
        if (!isPair(item) || !isScalar(item.key)) continue;
        const name = textOf(item.key);
        const place = lineAt(item.key.range?.[0]);
        add(`${key}.${name}`, item.value, commentOf(item.key.commentBefore, undefined), place);
      }
      return;
    }
    if (isCollection(node) && 'items' in node && node.items.length > 0) {
      node.items.forEach((item, i) => {
        add(`${key}[${i}]`, item, undefined, line);
      });
      return;
    }
    if (places.has(key))
      faults.push({ line, message: `${key} is in line ${places.get(key)}, too` });
    places.set(key, line);
    const more = comment === undefined ? {} : { comment };
    const { tag } = (isScalar(node) ? node : {}) as { tag?: string };
    const type = TYPES.find((each) => tag === `!${each}`);
    const value = isScalar(node) ? textOf(node) : isCollection(node) ? emptyOf(node) : '';
    const old = before[key];
    if (type !== 'secret' || value !== KEPT) {
      const plain = isCollection(node) ? 'json' : 'text';
      entries[key] = { type: type ?? plain, value, ...more };
    } else if (old?.secret !== undefined && old.digest !== undefined)
      entries[key] = { type: 'secret', secret: old.secret, digest: old.digest, ...more };
    else faults.push({ line, message: `${key} is no secret yet: write its text` });
  };
  if (isMap(document.contents)) {
    document.contents.items.forEach((item, i) => {
      if (!isPair(item) || !isScalar(item.key)) return;
      // The comment of a map's first key may be the map's, or the document's.
      const above = i === 0 ? document.contents?.commentBefore : undefined;
      const first = i === 0 ? (above ?? document.commentBefore) : undefined;
      const comment = commentOf(item.key.commentBefore ?? first, titles);
      add(textOf(item.key), item.value, comment, lineAt(item.key.range?.[0]));
    });
  } else if (document.contents !== null && faults.length === 0)
    faults.push({ line: 1, message: 'write KEY: VALUE, a line each' });
  return { entries, faults, lineOf: (key) => places.get(key) };
}

/** As it was written: `0x10` and `1.10` are texts here. */
function textOf(node: Scalar): string {
  if (typeof node.value === 'string') return node.value;
  return node.source ?? (node.value === null ? '' : String(node.value));
}

function emptyOf(node: unknown): string {
  return isMap(node) ? '{}' : '[]';
}

/** The lines that the text began with, which say what it is. */
function leading(text: string): ReadonlySet<string> {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return new Set(lines.slice(0, end < 0 ? lines.length : end).map((line) => line.slice(1).trim()));
}

function commentOf(
  comment: string | null | undefined,
  without: ReadonlySet<string> | undefined,
): string | undefined {
  const lines = (comment ?? '')
    .split('\n')
    .map((line) => line.replace(/^ /, '').trimEnd())
    .filter((line) => without === undefined || !without.has(line.trim()));
  const text = lines.join('\n').trim();
  return text === '' ? undefined : text;
}
