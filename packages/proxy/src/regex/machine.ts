import { compileProgram, type Instruction } from './program.ts';
import { type Place, parseSyntax } from './syntax.ts';

/** Steps that one text may cost; what has not fitted by then does not fit. */
const MAX_STEPS = 2 ** 20;

interface Thread {
  readonly at: number;
  /** Where groups begin and end, by slot; 0 and 1 are those of the whole. */
  readonly slots: readonly number[];
}

/** A place that fits. */
export interface Match {
  /** What is between the one before, or the beginning, and this. */
  readonly before: string;
  /** What groups have fitted, the whole first; empty for those that have not. */
  readonly groups: readonly string[];
}

/**
 * A regular expression of RE2's syntax that is run in time linear to the text, whatever both are: all
 * ways are followed at once, one character after the other.
 */
export class Machine {
  readonly groups: number;
  readonly #program: readonly Instruction[];
  #stepsLeft = 0;

  /** @throws RegexError when it is none, or too long. */
  constructor(source: string) {
    const { node, groups } = parseSyntax(source);
    this.groups = groups;
    this.#program = compileProgram(node);
  }

  /** True when all of the text fits. */
  fits(text: string): boolean {
    const codes = codesOf(text);
    this.#stepsLeft = MAX_STEPS;
    let threads = this.#follow(codes, 0, [{ at: 0, slots: NO_SLOTS }]);
    for (let i = 0; i < codes.length && threads.length > 0; i++) {
      threads = this.#follow(codes, i + 1, this.#step(threads, codes[i]!));
    }
    return threads.some(({ at }) => this.#program[at]!.type === 'match');
  }

  /**
   * All places that fit, from left to right, the first alternative and the longest repetition being
   * preferred. As with RE2, nothing empty right behind another.
   */
  *matches(text: string): Generator<Match> {
    const characters = [...text];
    const codes = codesOf(text);
    const slice = (from = 0, to = 0) => characters.slice(from, to).join('');
    this.#stepsLeft = MAX_STEPS;
    let last = -1;
    for (let from = 0; from <= codes.length; ) {
      const slots = this.#search(codes, from);
      if (!slots) return;
      const [begin = 0, end = 0] = slots;
      if (begin !== end || begin !== last) {
        const groups = Array.from({ length: this.groups + 1 }, (_, i) =>
          slots[i * 2 + 1] === undefined ? '' : slice(slots[i * 2], slots[i * 2 + 1]),
        );
        yield { before: slice(Math.max(0, last), begin), groups };
        last = end;
      }
      from = begin === end ? end + 1 : end;
    }
  }

  /** The slots of the first place that fits, at or behind `from`. */
  #search(codes: readonly number[], from: number): readonly number[] | undefined {
    let found: readonly number[] | undefined;
    let threads: readonly Thread[] = [];
    for (let i = from; i <= codes.length; i++) {
      const starting = found ? [] : [{ at: 0, slots: [i] }];
      threads = this.#follow(codes, i, [...threads, ...starting]);
      const match = threads.findIndex(({ at }) => this.#program[at]!.type === 'match');
      if (match >= 0) {
        found = saved(threads[match]!.slots, 1, i);
        // Those behind it are less preferred.
        threads = threads.slice(0, match);
      }
      if (i === codes.length || (found && threads.length === 0)) break;
      threads = this.#step(threads, codes[i]!);
    }
    return found;
  }

  #step(threads: readonly Thread[], code: number): Thread[] {
    const next: Thread[] = [];
    for (const { at, slots } of threads) {
      const instruction = this.#program[at]!;
      if (instruction.type === 'character' && instruction.fits(code)) {
        next.push({ at: at + 1, slots });
      }
    }
    return next;
  }

  /** Where threads stand once they have taken all steps that need no character, in their order. */
  #follow(codes: readonly number[], index: number, threads: readonly Thread[]): Thread[] {
    const standing: Thread[] = [];
    const seen = new Uint8Array(this.#program.length);
    const waiting = threads.toReversed();
    for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
      const { at, slots } = thread;
      if (--this.#stepsLeft < 0) return [];
      if (seen[at]) continue;
      seen[at] = 1;
      const instruction = this.#program[at]!;
      switch (instruction.type) {
        case 'jump':
          waiting.push({ at: instruction.to, slots });
          break;
        case 'split':
          waiting.push({ at: instruction.second, slots }, { at: instruction.first, slots });
          break;
        case 'save':
          waiting.push({ at: at + 1, slots: saved(slots, instruction.slot, index) });
          break;
        case 'place':
          if (isAt(instruction.at, codes, index)) waiting.push({ at: at + 1, slots });
          break;
        default:
          standing.push(thread);
      }
    }
    return standing;
  }
}

/** Of a match that only has to be one. */
const NO_SLOTS: readonly number[] = Object.freeze([]);

function saved(slots: readonly number[], slot: number, index: number): readonly number[] {
  if (slots === NO_SLOTS) return slots;
  const copy = [...slots];
  copy[slot] = index;
  return copy;
}

function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function isAt(place: Place, codes: readonly number[], index: number): boolean {
  switch (place) {
    case 'begin':
      return index === 0;
    case 'end':
      return index === codes.length;
    case 'line-begin':
      return index === 0 || codes[index - 1] === 10;
    case 'line-end':
      return index === codes.length || codes[index] === 10;
    case 'word':
      return isWord(codes[index - 1]) !== isWord(codes[index]);
    case 'no-word':
      return isWord(codes[index - 1]) === isWord(codes[index]);
  }
}

function isWord(code: number | undefined): boolean {
  return code !== undefined && code < 128 && /\w/.test(String.fromCharCode(code));
}
