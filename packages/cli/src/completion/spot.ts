import type { Argument, Command, Option } from 'commander';

/** Where on a command line the word is that is to be completed. */
export interface Spot {
  readonly command: Command;
  /** Words of the line that are arguments of the command, before this one. */
  readonly arguments: readonly string[];
  /** Options that were given, by attribute name. */
  readonly options: Readonly<Record<string, string>>;
  /** The word as far as it is typed; of `--option=word`, what is behind the sign. */
  readonly word: string;
  /** Typed before the word in the same breath: `--option=`. */
  readonly prefix: string;
  readonly expects:
    | { readonly type: 'option value'; readonly option: Option }
    | { readonly type: 'argument'; readonly argument: Argument }
    /** Any of the command's subcommands. */
    | { readonly type: 'command' }
    /** Behind `--`: it is another command's, or nothing fits here. */
    | { readonly type: 'other' };
}

/** Finds the spot of the last word of a command line, the command's own name left out. */
export function spotOf(program: Command, words: readonly string[]): Spot {
  let command = program;
  let open: Option | undefined;
  let ended = false;
  let args: string[] = [];
  const options: Record<string, string> = {};
  const last = words.at(-1) ?? '';
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) {
      options[open.attributeName()] = word;
      open = undefined;
    } else if (word === '--') ended = true;
    else if (!ended && word.startsWith('-') && word !== '-') {
      const [name, value] = split(word);
      const option = findOption(command, name);
      if (option === undefined) continue;
      if (value !== undefined) options[option.attributeName()] = value;
      else if (option.required) open = option;
    } else {
      const child = ended ? undefined : command.commands.find((each) => each.name() === word);
      if (child === undefined || args.length > 0) args.push(word);
      else {
        command = child;
        args = [];
      }
    }
  }
  const at = { command, arguments: args, options };
  if (open !== undefined)
    return { ...at, word: last, prefix: '', expects: { type: 'option value', option: open } };
  const [name, value] = split(last);
  const option = ended || value === undefined ? undefined : findOption(command, name);
  if (option !== undefined)
    return {
      ...at,
      word: value ?? '',
      prefix: `${name}=`,
      expects: { type: 'option value', option },
    };
  return { ...at, word: last, prefix: '', expects: expected(command, args) };
}

/** Options that a command takes, those of all commands among them. */
export function optionsOfCommand(command: Command): Option[] {
  const own = command.createHelp().visibleOptions(command);
  const above = command.createHelp().visibleGlobalOptions(command);
  return [...own, ...above.filter(({ long }) => !own.some((option) => option.long === long))];
}

function expected(command: Command, args: readonly string[]): Spot['expects'] {
  if (command.commands.length > 0)
    return args.length === 0 ? { type: 'command' } : { type: 'other' };
  const all = command.registeredArguments;
  const argument = all[args.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  return argument === undefined ? { type: 'other' } : { type: 'argument', argument };
}

function findOption(command: Command, name: string): Option | undefined {
  return optionsOfCommand(command).find(({ long, short }) => name === long || name === short);
}

function split(word: string): [name: string, value: string | undefined] {
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  return name === undefined ? [word, undefined] : [name, value];
}
