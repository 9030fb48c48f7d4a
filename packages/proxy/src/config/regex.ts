import { isSimpleRegex } from '@meshkeeper/mesh';
import { Machine } from '../regex/machine.ts';
import { RegexError } from '../regex/syntax.ts';
import { asBytes } from './bytes.ts';
import type { Problems } from './problems.ts';
import type { TextTest } from './string-match.ts';

/**
 * What a match by JavaScript's own engine may cost, in steps. A pattern with `n` repetitions takes up
 * to `length ** n` of them; longer texts, and patterns that are not simple, are run by our own engine,
 * which is slower, and linear.
 */
const MAX_STEPS = 2 ** 20;

/**
 * `type.matcher.v3.RegexMatcher`, compared with the whole of a text. The syntax is RE2's, and as with
 * Envoy a character is a byte.
 */
export function parseRegex(pattern: string, problems: Problems): TextTest {
  const regex = asBytes(pattern);
  // Plain alternatives, of which each virtual host may have some.
  if (/^[A-Za-z0-9_/ |-]+$/.test(regex)) {
    const texts = new Set(regex.split('|'));
    return (text) => texts.has(text);
  }
  if (!isSimpleRegex(regex)) {
    const machine = parseMachine(regex, problems);
    return (text) => machine?.fits(text) === true;
  }
  const simple = new RegExp(`^(?:${regex})$`, 'us');
  const limit = longestText(repetitions(regex));
  let machine: Machine | undefined;
  return (text) => {
    if (text.length <= limit) return simple.test(text);
    machine ??= new Machine(regex);
    return machine.fits(text);
  };
}

/** A rewrite of all places of a text that a pattern fits: `RE2::GlobalReplace`. */
export function parseReplacement(
  regex: string,
  substitution: string,
  problems: Problems,
): (text: string) => string {
  const machine = parseMachine(asBytes(regex), problems.at('pattern'));
  const pieces = parseSubstitution(substitution, machine?.groups ?? 0, problems);
  return (text) => {
    let result = '';
    let used = 0;
    for (const { before, groups } of machine?.matches(text) ?? []) {
      result += before;
      for (const piece of pieces) result += typeof piece === 'string' ? piece : groups[piece];
      used += before.length + (groups[0] ?? '').length;
    }
    return result + text.slice(used);
  };
}

function parseMachine(regex: string, problems: Problems): Machine | undefined {
  try {
    return new Machine(regex);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    problems.add('regex', `the embedded proxy can’t run it: ${error.message}`);
    return undefined;
  }
}

/** Repetitions that can share a text out among them in more than one way. */
function repetitions(regex: string): number {
  const bare = regex.replace(/\\./g, '_').replace(/\[[^\]]*\]/g, '_');
  return bare.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0;
}

function longestText(power: number): number {
  return Math.floor(MAX_STEPS ** (1 / Math.max(1, power)));
}

/** Texts and the numbers of groups. */
type Piece = string | number;

function parseSubstitution(substitution: string, groups: number, problems: Problems): Piece[] {
  const pieces: Piece[] = [];
  for (const part of substitution.split(/(\\.?)/s)) {
    if (!part.startsWith('\\')) pieces.push(part);
    else if (part === '\\\\') pieces.push('\\');
    else if (/^\\\d$/.test(part) && Number(part[1]) <= groups) pieces.push(Number(part[1]));
    else problems.add('substitution', `${part} is no group of the pattern`);
  }
  return pieces.filter((piece) => piece !== '');
}
