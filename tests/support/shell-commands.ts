/** The commands that a text for a shell holds, a list of words each: without redirections and comments. */
export function shellCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  const next = () => commands.push([]);
  const token =
    /\\\n|\n|#[^\n]*|&&|\|\||[|;&]|\d?>>?&?\s*\S+|<\s*\S+|(?:\\.|"(?:[^"\\]|\\[\s\S])*"|'[^']*'|[^\s|;&<>"'\\])+|[ \t]+/g;
  let atStart = true;
  for (const [part] of text.matchAll(token)) {
    if (/^[ \t]|^\\\n/.test(part)) {
      atStart = true;
      continue;
    }
    if (part.startsWith('#') && atStart) continue;
    if (/^(\n|&&|\|\||[|;&])$/.test(part)) next();
    else if (!/^\d?[<>]/.test(part)) commands.at(-1)!.push(unquoted(part));
    atStart = /^(\n|&&|\|\||[|;&])$/.test(part);
  }
  return commands.filter((words) => words.length > 0);
}

/** What `meshkeeper` is given in each command that calls it, also by way of `npx`. */
export function meshkeeperCalls(text: string): string[][] {
  return shellCommands(text).flatMap((words) => {
    const start = words.findIndex((word) => !/^\w+=/.test(word));
    const command = words.slice(start === -1 ? words.length : start);
    if (command[0] === 'npx') command.shift();
    return command[0] === 'meshkeeper' ? [command.slice(1)] : [];
  });
}

function unquoted(word: string): string {
  return word.replace(
    /\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g,
    (_, escaped: string | undefined, double: string | undefined, single: string | undefined) =>
      escaped ?? double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? '',
  );
}
