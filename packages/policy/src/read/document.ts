import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import type { IssueCode } from './issue.ts';

/** A longer text is not read. */
export const MAX_TEXT = 1_048_576;
/** Later documents of a text are not read. */
export const MAX_DOCUMENTS = 10_000;
/** A document with more values, aliases written out, is no policy. */
export const MAX_NODES = 20_000;
/** Nor is one that is nested deeper. */
export const MAX_DEPTH = 64;
/** Of a broken document the first errors are told: what follows is mostly their consequence. */
const MAX_SYNTAX_ERRORS = 3;

/** Something in a text that is no value. */
export interface TextFault {
  readonly code: Extract<IssueCode, 'syntax' | 'too-large' | 'duplicate'>;
  readonly offset: number;
  readonly message: string;
}

/** One of the documents of a text. */
export interface TextDocument {
  /** Of JSON; undefined of a document that is empty or broken. */
  readonly value: unknown;
  readonly faults: readonly TextFault[];
  /** Where a field stands, or what it would be in; an offset of the text. */
  offset(path: readonly PropertyKey[]): number;
}

/** The documents of a text in YAML or JSON, and where its lines are. Whatever the text, it doesn't throw. */
export function documentsOf(text: string): {
  readonly lines: LineCounter;
  readonly documents: readonly TextDocument[];
} {
  const lines = new LineCounter();
  const documents: TextDocument[] = [];
  const refuse = (message: string) =>
    documents.push(broken({ code: 'too-large', offset: 0, message }));
  if (text.length > MAX_TEXT) {
    refuse(`is longer than ${MAX_TEXT} characters: make several files of it`);
    return { lines, documents };
  }
  try {
    // Keys are compared below: here each would be compared with each.
    const composer = new Composer({ uniqueKeys: false, logLevel: 'silent' });
    const tokens = new Parser(lines.addNewLine).parse(text);
    for (const document of composer.compose(tokens)) {
      if (documents.length === MAX_DOCUMENTS) {
        refuse(`has more than ${MAX_DOCUMENTS} documents: make several files of it`);
        break;
      }
      documents.push(read(document));
    }
  } catch (thrown) {
    refuse(
      `can't be read: ${thrown instanceof RangeError ? 'it is nested too deep' : String(thrown)}`,
    );
  }
  return { lines, documents };
}

function broken(...faults: TextFault[]): TextDocument {
  return { value: undefined, faults, offset: () => faults[0]?.offset ?? 0 };
}

function read(document: Document): TextDocument {
  const start = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
  const faults: TextFault[] = document.errors
    .slice(0, MAX_SYNTAX_ERRORS)
    .map(({ message, pos }) => ({
      code: 'syntax',
      offset: pos[0],
      message: message.split('\n')[0] ?? message,
    }));
  if (faults.length > 0) return broken(...faults);
  const inspected = inspect(document);
  if (inspected.some(({ code }) => code !== 'duplicate')) return broken(...inspected);
  try {
    const value: unknown = document.toJS();
    return {
      value: value ?? undefined,
      faults: inspected,
      offset: (path) => offsetOf(document, path) ?? start,
    };
  } catch (thrown) {
    return broken({ code: 'syntax', offset: start, message: String(thrown) });
  }
}

/** Keys that are there twice; or that the document is too large. */
function inspect(document: Document): readonly TextFault[] {
  const faults: TextFault[] = [];
  let nodes = 0;
  const fault = (code: TextFault['code'], node: Node, message: string) =>
    faults.push({ code, offset: node.range?.[0] ?? 0, message });
  const visit = (node: unknown, depth: number): boolean => {
    if (!isNode(node)) return true;
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) {
      fault('too-large', node, 'is more than a policy can be');
      return false;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return visit(target, depth + 1);
      fault('syntax', node, `there is no anchor &${node.source} before it`);
      return false;
    }
    if (!isCollection(node)) return true;
    if (!isMap(node)) return node.items.every((item) => visit(item, depth + 1));
    const seen = new Set<string>();
    return node.items.every(({ key, value }) => {
      const name = keyText(key);
      if (isNode(key) && name === undefined) {
        fault('syntax', key, 'a name can only be text');
        return false;
      }
      if (isNode(key) && name !== undefined && seen.has(name))
        fault('duplicate', key, `${name} is there twice`);
      if (name !== undefined) seen.add(name);
      return visit(value, depth + 1);
    });
  };
  visit(document.contents, 0);
  return faults;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return String(key.value);
}

/** Where the last part of a path that there is stands: of a field its name, of an entry its beginning. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let found: number | undefined;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) found = pair.key.range?.[0] ?? found;
      node = pair.value;
    } else if (isCollection(node) && typeof part === 'number') {
      node = node.items[part];
      if (!isNode(node)) break;
      found = node.range?.[0] ?? found;
    } else break;
  }
  return found;
}
