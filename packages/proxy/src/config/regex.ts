import { isSimpleRegex } from '@meshkeeper/mesh';
import type { Problems } from './problems.ts';

/**
 * What a match may cost, in steps of a backtracking engine. A pattern with `n` repetitions takes up to
 * `length ** n` of them, so that longer texts than this allows fit no pattern.
 */
const MAX_STEPS = 2 ** 24;

/** A pattern that is compared with the whole of a text. */
export function parseRegex(regex: string, problems: Problems): (text: string) => boolean {
  const pattern = compile(regex, 'us', `^(?:${regex})$`, problems);
  const limit = longestText(repetitions(regex));
  return (text) => text.length <= limit && pattern.test(text);
}

/** A rewrite of all places of a text that a pattern fits: `RE2::GlobalReplace`. */
export function parseReplacement(
  regex: string,
  substitution: string,
  problems: Problems,
): (text: string) => string {
  const pattern = compile(regex, 'gus', regex, problems.at('pattern'));
  const groups = regex.replace(/\\./g, '').match(/\((?!\?)/g)?.length ?? 0;
  const pieces = parseSubstitution(substitution, groups, problems);
  const anchored = regex.startsWith('^') && !regex.includes('|');
  const limit = longestText(repetitions(regex) + (anchored ? 0 : 1));
  return (text) => (text.length <= limit ? replaceAll(text, pattern, pieces) : text);
}

const NOTHING = /(?!)/;

function compile(regex: string, flags: string, source: string, problems: Problems): RegExp {
  if (isSimpleRegex(regex)) return new RegExp(source, flags);
  problems.add(
    'regex',
    'the embedded proxy takes up to three repetitions, none of a group, and no flags or look-around',
  );
  return NOTHING;
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

function replaceAll(text: string, pattern: RegExp, pieces: readonly Piece[]): string {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    // Unlike JavaScript, RE2 finds nothing empty right behind what it has found.
    if (match[0] === '' && match.index === end && end > 0) continue;
    result += text.slice(end, match.index);
    for (const piece of pieces) result += typeof piece === 'string' ? piece : (match[piece] ?? '');
    end = match.index + match[0].length;
  }
  return result + text.slice(end);
}
