/** A line that was typed: its words, or that more is to come, because a quote is still open. */
export type Line =
  | { readonly type: 'words'; readonly words: readonly string[] }
  | { readonly type: 'open' };

/** What a backslash hides between double quotes, as in a shell. */
const ESCAPED = '"\\$`';

/** Splits a line as a shell does: quotes hold together, a backslash hides, # begins a comment. */
export function wordsOf(text: string): Line {
  const words: string[] = [];
  let word: string | undefined;
  const add = (text = '') => {
    word = (word ?? '') + text;
  };
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote === "'") {
      if (character === quote) quote = undefined;
      else add(character);
    } else if (quote === '"') {
      if (character === quote) quote = undefined;
      else if (character === '\\' && ESCAPED.includes(text[i + 1] ?? ' ')) add(text[++i]);
      else add(character);
    } else if (character === '"' || character === "'") {
      quote = character;
      add();
    } else if (character === '\\') {
      if (i + 1 === text.length) return { type: 'open' };
      if (text[++i] !== '\n') add(text[i]);
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) {
      const end = text.indexOf('\n', i);
      i = end === -1 ? text.length : end;
    } else add(character);
  }
  if (quote !== undefined) return { type: 'open' };
  if (word !== undefined) words.push(word);
  return { type: 'words', words };
}

/** A word as it has to be typed. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./*{}[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The words of a line that is still being typed: the last is what the cursor is at, empty behind a space. */
export function partialWords(text: string): readonly string[] {
  // A character that is taken away again, so that the last word is one even when nothing of it is there.
  for (const end of ['\u0000', '\u0000"', "\u0000'"]) {
    const line = wordsOf(text + end);
    if (line.type === 'words') return line.words.map((word) => word.replaceAll('\u0000', ''));
  }
  return [''];
}
