/** Whether a character, by its code point, is one of some. */
export type CharacterTest = (code: number) => boolean;

/** The characters of a list with ranges, `0-9A-Z_`. */
export function characters(list: string): CharacterTest {
  const pattern = new RegExp(`^[${list}]$`);
  const ascii = Array.from({ length: 128 }, (_, code) => pattern.test(String.fromCharCode(code)));
  return (code) => ascii[code] === true;
}

/** RE2's classes in brackets, `[[:alpha:]]`. */
export const POSIX: Readonly<Record<string, CharacterTest>> = {
  alnum: characters('0-9A-Za-z'),
  alpha: characters('A-Za-z'),
  ascii: (code) => code < 128,
  blank: characters('\\t '),
  cntrl: (code) => code < 32 || code === 127,
  digit: characters('0-9'),
  graph: (code) => code > 32 && code < 127,
  lower: characters('a-z'),
  print: (code) => code >= 32 && code < 127,
  punct: (code) => /^[!-/:-@[-`{-~]$/.test(String.fromCodePoint(code)),
  space: characters('\\t\\n\\v\\f\\r '),
  upper: characters('A-Z'),
  word: characters('0-9A-Za-z_'),
  xdigit: characters('0-9A-Fa-f'),
};

/** A class of Unicode by its general category or script; undefined when there is none of that name. */
export function propertyTest(name: string): CharacterTest | undefined {
  if (name === 'Any') return () => true;
  for (const property of [name, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, 'u');
      return (code) => pattern.test(String.fromCodePoint(code));
    } catch {
      // Not of that kind.
    }
  }
  return undefined;
}

/** The same with characters that differ in case only. */
export function folded(test: CharacterTest): CharacterTest {
  return (code) => {
    if (test(code)) return true;
    const text = String.fromCodePoint(code);
    return (
      test(text.toLowerCase().codePointAt(0) ?? code) ||
      test(text.toUpperCase().codePointAt(0) ?? code)
    );
  };
}
