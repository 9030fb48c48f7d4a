import { type CharacterTest, characters, folded, POSIX, propertyTest } from './characters.ts';

/** A regular expression, as what it is made of. */
export type Node =
  | { readonly type: 'character'; readonly fits: CharacterTest }
  | { readonly type: 'place'; readonly at: Place }
  /** One after the other; none is the empty text. */
  | { readonly type: 'sequence'; readonly parts: readonly Node[] }
  | { readonly type: 'choice'; readonly parts: readonly Node[] }
  | {
      readonly type: 'repeat';
      readonly part: Node;
      readonly least: number;
      readonly most: number;
      readonly greedy: boolean;
    }
  /** Remembers what it fits, by its number from 1. */
  | { readonly type: 'group'; readonly part: Node; readonly number: number };

/** Somewhere between two characters. */
export type Place = 'begin' | 'end' | 'line-begin' | 'line-end' | 'word' | 'no-word';

/** What is wrong with a regular expression. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

interface Flags {
  readonly fold: boolean;
  readonly lines: boolean;
  readonly dotAll: boolean;
  readonly lazy: boolean;
}

/** RE2's bounds: of a repetition, and of what is within what. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 250;

const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const CLASSES: Readonly<Record<string, CharacterTest>> = {
  d: characters('0-9'),
  s: characters('\t\n\f\r '),
  w: characters('0-9A-Za-z_'),
};
const PLACES: Readonly<Record<string, Place>> = { A: 'begin', z: 'end', b: 'word', B: 'no-word' };

/**
 * Parses RE2's syntax: https://github.com/google/re2/wiki/Syntax.
 *
 * @throws RegexError
 */
export function parseSyntax(source: string): { readonly node: Node; readonly groups: number } {
  const parser = new Parser(source);
  return { node: parser.parse(), groups: parser.groups };
}

class Parser {
  groups = 0;
  readonly #text: readonly string[];
  #at = 0;
  #depth = 0;
  #flags: Flags = { fold: false, lines: false, dotAll: false, lazy: false };

  constructor(source: string) {
    this.#text = [...source];
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw new RegexError('a closing parenthesis too many');
    return node;
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw new RegexError('groups are nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { type: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && this.#peek !== '|' && this.#peek !== ')') {
      if (this.#takeText('\\Q')) {
        parts.push(...this.#quoted());
        const last = parts.pop();
        if (last) parts.push(this.#repeated(last));
      } else parts.push(this.#repeated(this.#atom()));
    }
    return { type: 'sequence', parts };
  }

  #repeated(part: Node): Node {
    const bounds = this.#bounds();
    if (!bounds) return part;
    const [least, most] = bounds;
    const greedy = this.#take('?') === this.#flags.lazy;
    const found: Node = { type: 'repeat', part, least, most, greedy };
    if (this.#bounds()) throw new RegexError('a repetition of a repetition');
    return found;
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const found = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(this.#rest(11));
    if (!found) return undefined;
    const [whole, from, comma, to] = found;
    this.#at += whole.length;
    const least = Number(from);
    const most = !comma ? least : to ? Number(to) : Number.POSITIVE_INFINITY;
    const highest = most === Number.POSITIVE_INFINITY ? least : most;
    if (most < least || highest > MAX_REPEAT) throw new RegexError(`a repetition ${whole}`);
    return [least, most];
  }

  #atom(): Node {
    const { lines, dotAll } = this.#flags;
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { type: 'character', fits: this.#set() };
      case '.':
        return { type: 'character', fits: dotAll ? () => true : (code) => code !== 10 };
      case '^':
        return { type: 'place', at: lines ? 'line-begin' : 'begin' };
      case '$':
        return { type: 'place', at: lines ? 'line-end' : 'end' };
      case '*':
      case '+':
      case '?':
        throw new RegexError('a repetition of nothing');
      case '\\':
        return this.#escape();
      default:
        return this.#literal(character.codePointAt(0)!);
    }
  }

  #group(): Node {
    const outer = this.#flags;
    if (this.#take('?')) {
      const [name] = /^P?<[A-Za-z0-9_]+>/.exec(this.#rest(256)) ?? [];
      if (name === undefined) return this.#flagged(outer);
      this.#at += name.length;
    }
    const number = ++this.groups;
    const part = this.#choice();
    this.#close();
    this.#flags = outer;
    return { type: 'group', part, number };
  }

  /** `(?i)` for the rest of the group around it, `(?i:…)` for a group without a number. */
  #flagged(outer: Flags): Node {
    const [whole, set = '', unset = '', end] =
      /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#rest(12)) ?? [];
    if (whole === undefined) throw new RegexError('a group of a kind that RE2 has not');
    this.#at += whole.length;
    const flag = (letter: string, before: boolean) =>
      !unset.includes(letter) && (before || set.includes(letter));
    this.#flags = {
      fold: flag('i', outer.fold),
      lines: flag('m', outer.lines),
      dotAll: flag('s', outer.dotAll),
      lazy: flag('U', outer.lazy),
    };
    if (end === ')') return { type: 'sequence', parts: [] };
    const part = this.#choice();
    this.#close();
    this.#flags = outer;
    return part;
  }

  #close(): void {
    if (!this.#take(')')) throw new RegexError('a parenthesis that is not closed');
  }

  #escape(): Node {
    const letter = this.#peek;
    const place = letter === undefined ? undefined : PLACES[letter];
    if (place) {
      this.#at++;
      return { type: 'place', at: place };
    }
    const fits = this.#class();
    if (fits) return { type: 'character', fits };
    return this.#literal(this.#code());
  }

  /** `\d` and the like, behind the backslash. */
  #class(): CharacterTest | undefined {
    const letter = this.#peek ?? '';
    // Any byte.
    if (this.#take('C')) return () => true;
    const found = CLASSES[letter.toLowerCase()];
    const negated = letter !== letter.toLowerCase();
    if (found) {
      this.#at++;
      return negated ? (code) => !found(code) : this.#folded(found);
    }
    if (letter !== 'p' && letter !== 'P') return undefined;
    const [whole, caret, long, short] = /^.(?:\{(\^?)(\w+)\}|(\w))/.exec(this.#rest(64)) ?? [];
    const test = propertyTest(long ?? short ?? '');
    if (whole === undefined || !test) throw new RegexError('a class of Unicode that there is not');
    this.#at += whole.length;
    const inverted = negated !== (caret === '^');
    return inverted ? (code) => !test(code) : this.#folded(test);
  }

  /** One character, behind the backslash. */
  #code(): number {
    const [hex, wide, narrow] =
      /^x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(this.#rest(10)) ?? [];
    if (hex !== undefined) {
      this.#at += hex.length;
      return Number.parseInt(wide ?? narrow ?? '', 16);
    }
    const [octal] = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(this.#rest(3)) ?? [];
    if (octal !== undefined) {
      this.#at += octal.length;
      return Number.parseInt(octal, 8);
    }
    const letter = this.#next();
    const known = ESCAPES[letter];
    if (known !== undefined) return known;
    if (/[0-9A-Za-z]/.test(letter)) throw new RegexError(`an escape \\${letter}`);
    return letter.codePointAt(0)!;
  }

  /** `[…]`, behind the bracket. */
  #set(): CharacterTest {
    const negated = this.#take('^');
    const tests: CharacterTest[] = [];
    for (let first = true; first || this.#peek !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new RegexError('a bracket that is not closed');
      tests.push(this.#setItem());
    }
    this.#at++;
    const fits = this.#folded((code) => tests.some((test) => test(code)));
    return negated ? (code) => !fits(code) : fits;
  }

  #setItem(): CharacterTest {
    const [posix, caret, name] = /^\[:(\^?)(\w+):\]/.exec(this.#rest(16)) ?? [];
    if (posix !== undefined) {
      const test = POSIX[name ?? ''];
      if (!test) throw new RegexError(`a class ${posix}`);
      this.#at += posix.length;
      return caret === '^' ? (code) => !test(code) : test;
    }
    if (this.#take('\\')) {
      const found = this.#class();
      if (found) return found;
      return this.#range(this.#code());
    }
    return this.#range(this.#next().codePointAt(0)!);
  }

  #range(from: number): CharacterTest {
    if (this.#peek !== '-' || this.#text[this.#at + 1] === ']') return (code) => code === from;
    this.#at++;
    const to = this.#take('\\') ? this.#code() : this.#next().codePointAt(0)!;
    if (to < from) throw new RegexError('a range from more to less');
    return (code) => code >= from && code <= to;
  }

  #quoted(): Node[] {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && !this.#takeText('\\E')) {
      parts.push(this.#literal(this.#next().codePointAt(0)!));
    }
    return parts;
  }

  #literal(wanted: number): Node {
    return { type: 'character', fits: this.#folded((code) => code === wanted) };
  }

  #folded(test: CharacterTest): CharacterTest {
    return this.#flags.fold ? folded(test) : test;
  }

  get #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #next(): string {
    const character = this.#text[this.#at++];
    if (character === undefined) throw new RegexError('it ends too early');
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek !== character) return false;
    this.#at++;
    return true;
  }

  #takeText(text: string): boolean {
    if (this.#rest(text.length) !== text) return false;
    this.#at += text.length;
    return true;
  }

  #rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length).join('');
  }
}
