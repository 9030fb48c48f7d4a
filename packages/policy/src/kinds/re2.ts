import { RE2_SCRIPTS } from './re2-scripts.ts';

/** What one of RE2's programs may take, in characters with their repetitions; it would take memory. */
const LARGEST = 10_000;
const MOST_REPEATED = 1000;
const DEEPEST = 100;
const CATEGORY = /^(?:Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
const POSIX =
  /^\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)$/;
/** A class such as `\p{Greek}` is made of many ranges. */
const UNICODE_SIZE = 50;

/**
 * What is wrong with a regular expression, in the syntax of RE2, which Envoy and gRPC run; undefined of
 * one that they take. Reads on after what it is.
 */
export function re2Fault(source: string): string | undefined {
  if (!source.isWellFormed()) return 'is no valid Unicode';
  const reader = new Reader(source);
  try {
    const size = alternatives(reader, 0);
    if (!reader.atEnd) throw new SyntaxFault('has a ")" too many');
    return size > LARGEST ? 'repeats too much to be run' : undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message;
    throw error;
  }
}

class SyntaxFault extends Error {}

class Reader {
  readonly #text: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = [...text];
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character; undefined at the end. */
  get next(): string | undefined {
    return this.#text[this.#at];
  }

  take(): string {
    const next = this.#text[this.#at++];
    if (next === undefined) throw new SyntaxFault('ends too early');
    return next;
  }

  /** Takes a text, if it comes next. */
  takes(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.#at += text.length;
    return true;
  }

  startsWith(text: string): boolean {
    return [...text].every((character, i) => this.#text[this.#at + i] === character);
  }

  /** Takes what fits from here on, a sticky expression. */
  takeMatch(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#text.slice(this.#at).join(''));
    if (found !== null) this.#at += [...found[0]].length;
    return found;
  }

  /** Takes all up to a text and that text; undefined when it does not come. */
  takeUntil(text: string): string | undefined {
    const rest = this.#text.slice(this.#at).join('');
    const end = rest.indexOf(text);
    if (end === -1) return undefined;
    this.#at += [...rest.slice(0, end + text.length)].length;
    return rest.slice(0, end);
  }
}

/** Reads up to the end of a group, or of all; how large it is. */
function alternatives(reader: Reader, depth: number): number {
  if (depth > DEEPEST) throw new SyntaxFault('is nested too deeply');
  let size = 0;
  let last: number | undefined;
  for (;;) {
    const { next } = reader;
    if (next === undefined || next === ')') return size + (last ?? 0);
    if (next === '|') {
      reader.take();
      size += 1 + (last ?? 0);
      last = undefined;
      continue;
    }
    const times = repetition(reader);
    if (times === undefined) {
      const following = atom(reader, depth);
      // What stands before a flag is what is repeated behind it.
      if (following === undefined) continue;
      size += last ?? 0;
      last = following;
      continue;
    }
    if (last === undefined) throw new SyntaxFault('repeats nothing');
    reader.takes('?');
    size += last * times + 1;
    last = 0;
    if (repetition(reader) !== undefined) throw new SyntaxFault('repeats a repetition');
  }
}

/** How often what stands before is repeated; undefined when there is no repetition. */
function repetition(reader: Reader): number | undefined {
  if (reader.takes('*') || reader.takes('+') || reader.takes('?')) return 1;
  const counted = reader.takeMatch(/^\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/);
  if (counted === null) return undefined;
  const [, least = '', comma, most = comma === undefined ? least : ''] = counted;
  const times = Math.max(Number(least), Number(most));
  if (times > MOST_REPEATED || (most !== '' && Number(most) < Number(least)))
    throw new SyntaxFault(`repeats up to ${MOST_REPEATED} times, the smaller number first`);
  return times;
}

/** What can be repeated, or a flag, which can't. */
function atom(reader: Reader, depth: number): number | undefined {
  const first = reader.take();
  switch (first) {
    case '(':
      return group(reader, depth);
    case '[':
      return characterClass(reader);
    case '\\':
      return escaped(reader);
    default:
      return 1;
  }
}

function group(reader: Reader, depth: number): number | undefined {
  if (reader.takes('?')) {
    if (reader.takes('P<') || reader.takes('<')) {
      if (reader.takeMatch(/^\w+>/) === null) throw new SyntaxFault('names a group wrongly');
    } else {
      const flags = reader.takeMatch(/^(?:[imsU]*(?:-[imsU]+)?)([:)])/);
      if (flags === null || flags[0] === ')')
        throw new SyntaxFault('holds a group of a kind that RE2 has not, as (?= or (?<=');
      if (flags[1] === ')') return undefined;
    }
  }
  const size = alternatives(reader, depth + 1);
  if (!reader.takes(')')) throw new SyntaxFault('lacks a ")"');
  return size + 2;
}

function characterClass(reader: Reader): number {
  const missing = () => new SyntaxFault('lacks a "]"');
  reader.takes('^');
  let size = 1;
  for (let first = true; ; first = false) {
    if (reader.atEnd) throw missing();
    if (reader.next === ']' && !first) {
      reader.take();
      return size;
    }
    size++;
    if (reader.startsWith('[:')) {
      const named = reader.takeMatch(/^\[:(.*?):\]/s);
      if (named !== null) {
        if (POSIX.test(named[1]!)) continue;
        throw new SyntaxFault(`holds a class that there is not: ${named[0]}`);
      }
    }
    if (reader.startsWith('\\') && reader.takeMatch(/^\\[dDsSwW]/) !== null) continue;
    if (reader.startsWith('\\p') || reader.startsWith('\\P')) {
      reader.take();
      size += escaped(reader);
      continue;
    }
    const from = member(reader);
    if (reader.next !== '-' || reader.startsWith('-]')) continue;
    reader.take();
    if (reader.atEnd) throw missing();
    if (member(reader) < from) throw new SyntaxFault('holds a range that goes backwards');
  }
}

/** A character of a class, by its code. */
function member(reader: Reader): number {
  const character = reader.take();
  return character === '\\' ? escapedCharacter(reader) : character.codePointAt(0)!;
}

/** What stands for more than a character, or for one. */
function escaped(reader: Reader): number {
  const { next } = reader;
  if (next === undefined) throw new SyntaxFault('ends with "\\"');
  if ('dDsSwWAzbBC'.includes(next)) {
    reader.take();
    return 1;
  }
  if (reader.takes('Q')) {
    const literal = reader.takeUntil('\\E');
    if (literal === undefined) throw new SyntaxFault('lacks a "\\E"');
    return literal.length;
  }
  if (next === 'p' || next === 'P') {
    reader.take();
    const name = reader.takeMatch(/^(?:\{\^?([A-Za-z_]*)\}|([A-Za-z]))/);
    const known = name?.[1] ?? name?.[2] ?? '';
    if (CATEGORY.test(known) || RE2_SCRIPTS.has(known)) return UNICODE_SIZE;
    throw new SyntaxFault('holds a class of Unicode that RE2 has not');
  }
  escapedCharacter(reader);
  return 1;
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The code of a character behind `\`. */
function escapedCharacter(reader: Reader): number {
  const octal = reader.takeMatch(/^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/);
  if (octal !== null) return Number.parseInt(octal[0], 8);
  const hex = reader.takeMatch(/^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/);
  if (hex !== null) {
    const code = Number.parseInt(hex[1] ?? hex[2]!, 16);
    if (code <= 0x10ffff) return code;
  }
  const character = reader.take();
  const control = CONTROLS[character];
  if (control !== undefined) return control;
  if (hex === null && /^[^A-Za-z0-9\u0080-\u{10ffff}]$/u.test(character))
    return character.codePointAt(0)!;
  throw new SyntaxFault(`holds an escape that RE2 has not: \\${character}`);
}
